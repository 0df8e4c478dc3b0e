/* listeners.h - all the listening sockets of a server. */
#ifndef CAIRN_LISTENERS_H
#define CAIRN_LISTENERS_H

#include "service/listener.h"

#include <stdbool.h>
#include <stddef.h>

struct texts;

/* Opens all that the locators name, and logs each; *count goes up with every one. Of a locator with several addresses,
 * as `localhost`, those that the machine does not have are left out. [::] takes IPv4 too, unless an address of IPv4
 * with the same port is named beside it. False when a locator cannot be served; the log says why. Close in both cases.
 * May wait for a name server. */
bool listeners_open(const struct texts *locators, struct listener listeners[LISTENERS_MAX], size_t *count);

void listeners_close(struct listener listeners[LISTENERS_MAX], size_t *count);

#endif
