/* object.h - what the engine knows of an object beyond what its users see. */
#ifndef CAIRN_OBJECT_H
#define CAIRN_OBJECT_H

#include "store/store.h"

/* The number of the blob file that holds the payload, 0 when it is inline. */
uint64_t object_blob(const struct object *object);

#endif
