/* fault.h - what is wrong with a message, found before libmicrohttpd reads it. */
#ifndef CAIRN_API_FAULT_H
#define CAIRN_API_FAULT_H

#include "api/http/problem.h"

#include <stdbool.h>
#include <stdint.h>

struct fault {
    enum problem problem;
    const char *sentence; /* for the answer's detail; NULL: nothing is wrong */
    bool in_body;         /* the head is sound */
    uint64_t position;    /* then: bytes of the body in front of it */
    const char *origin;   /* else the value of Origin, where that stands in front of it; borrowed, or NULL */
};

#endif
