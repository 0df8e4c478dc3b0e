/* request_id.h - the name of one request, by which its client, its proxies and the server's logs speak of it.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_REQUEST_ID_H
#define CAIRN_API_REQUEST_ID_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REQUEST_ID_MAX = 128,      /* bytes of one that a client has chosen */
    REQUEST_ID_MADE_SIZE = 33, /* of one that is made here, with the NUL */
};

/* Whether one that a client sends can stand in a header field, a line of a log and a URL as it is: letters, digits and
 * -._~:/+=@ only. */
bool request_id_is_sane(const char *text);

/* Makes one of the name of a process and the number of a request in it: 32 hex digits, others for each pair. */
void request_id_make(char text[REQUEST_ID_MADE_SIZE], uint64_t process, uint64_t number);

#endif
