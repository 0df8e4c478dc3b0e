/* sync.c - what the disk allows: appends BYTES to a file and syncs it, one after the other, for SECONDS.
 *
 *   sync FILE BYTES SECONDS
 *
 * Prints the appends per second: the ceiling of one client that waits for each durable write.
 */
#include "bench/crew.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count != 4)
        errx(2, "usage: sync FILE BYTES SECONDS");
    size_t size = strtoul(arguments[2], NULL, 10);
    double seconds = strtod(arguments[3], NULL);
    char *bytes = calloc(1, size);
    int file = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (!bytes || file < 0)
        err(1, "%s", arguments[1]);

    long appends = 0;
    double begin = crew_now();
    while (crew_now() - begin < seconds) {
        if (write(file, bytes, size) != (ssize_t)size || fdatasync(file) != 0)
            err(1, "%s", arguments[1]);
        appends++;
    }
    printf("%.0f\n", (double)appends / (crew_now() - begin));
    free(bytes);
    return 0;
}
