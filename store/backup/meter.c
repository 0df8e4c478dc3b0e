/* meter.c - how many bytes of a backup are done. See meter.h. */
#include "store/backup/meter.h"

void meter_expect(struct meter *meter, uint64_t bytes)
{
    meter->total += bytes;
}

void meter_advance(struct meter *meter, uint64_t bytes)
{
    meter->done += bytes;
    if (meter->total < meter->done)
        meter->total = meter->done;
    if (meter->advanced)
        meter->advanced(meter->arg, meter->done, meter->total);
}

bool meter_is_halted(const struct meter *meter)
{
    return meter->halted && meter->halted(meter->arg);
}
