/* meter.h - how many bytes of a backup are done, and how many there are, as far as that is known; and whether more are
 * wanted. Shared by all its stores.
 *
 * Thread: one.
 */
#ifndef CAIRN_METER_H
#define CAIRN_METER_H

#include <stdbool.h>
#include <stdint.h>

struct meter {
    uint64_t done; /* bytes copied */
    uint64_t total;
    void (*advanced)(void *arg, uint64_t done, uint64_t total); /* NULL: nobody wants to know */
    bool (*halted)(void *arg);                                  /* whether to come to an end; NULL: never */
    void *arg;
};

/* More bytes that there are to copy. */
void meter_expect(struct meter *meter, uint64_t bytes);

/* Bytes that were copied. */
void meter_advance(struct meter *meter, uint64_t bytes);

/* Whether no more are to be. */
bool meter_is_halted(const struct meter *meter);

#endif
