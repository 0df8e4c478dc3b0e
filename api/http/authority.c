/* authority.c - parts a name from its port, and tells addresses from names. See authority.h. */
#include "api/http/authority.h"

#include "api/http/host.h"
#include "api/http/octet.h"
#include "api/text/decimal.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

struct slice authority_name(struct slice authority)
{
    const char *colon = memrchr(authority.start, ':', authority.length);
    const char *bracket = memrchr(authority.start, ']', authority.length);
    if (colon && (!bracket || bracket < colon))
        authority.length = (size_t)(colon - authority.start);
    return authority;
}

struct slice authority_port(struct slice authority)
{
    size_t name = authority_name(authority).length;
    size_t skipped = name < authority.length ? name + 1 : name;
    return (struct slice){authority.start + skipped, authority.length - skipped};
}

/* An address in brackets, or what may be a name. An IPv4 address is what may be one, too. */
static bool is_host(struct slice name)
{
    struct host host;
    if (name.length > 0 && *name.start == '[')
        return host_parse(name.start, name.length, &host);
    return name.length > 0 && octet_all(name.start, name.length, OCTET_HOST);
}

bool authority_valid(struct slice authority)
{
    uint64_t number;
    struct slice port = authority_port(authority);
    return is_host(authority_name(authority)) &&
           (port.length == 0 || decimal_parse(port.start, port.length, UINT16_MAX, &number));
}

/* What ends with a number is an address of IPv4 to browsers, and no domain does. */
bool authority_is_fixed(struct slice name)
{
    static const char own[] = ".localhost";
    static const size_t own_length = sizeof own - 1;
    uint64_t number;
    const char *dot = memrchr(name.start, '.', name.length);
    if (!dot || *name.start == '[')
        return true;
    return decimal_parse(dot + 1, name.length - (size_t)(dot + 1 - name.start), UINT32_MAX, &number) ||
           (name.length > own_length && strncasecmp(name.start + name.length - own_length, own, own_length) == 0);
}

/* Labels as the names of hosts have them, an IPv4 address among them. */
static bool is_labels(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strspn(text, letters);
    return length > 0 && (text[length] == '\0' || (text[length] == '.' && is_labels(text + length + 1)));
}

const char *authority_name_fault(const char *text)
{
    struct host host;
    struct slice whole = {text, strlen(text)};
    if (strchr(text, '*'))
        return "there are no patterns: list each name";
    if (whole.length > 1 && text[whole.length - 1] == '.')
        return "leave out the dot at its end";
    if (authority_valid(whole) && authority_name(whole).length < whole.length)
        return "leave out the port";
    if (is_labels(text) || (*text == '[' && host_parse(text, whole.length, &host)))
        return NULL;
    return "it is neither the name of a host nor an address";
}
