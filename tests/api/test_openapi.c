/* openapi.yaml beside the table of routes.c: the same operations, and each with the query parameters that its endpoint
 * knows. The file is read by its lines; what it says of bodies and answers is compared by ./dev test-clients.
 */
#include "api/request/endpoint.h"
#include "api/routes.h"
#include "tests/lib/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

extern const unsigned char api_openapi_yaml[];
extern const size_t api_openapi_yaml_length;

enum { OPERATIONS_MAX = 128 };

struct name {
    char text[80];
};

struct operation {
    enum method method;
    struct name path;
    struct name parameters[ENDPOINT_PARAMETERS_MAX]; /* those in its query */
    size_t parameter_count;
    bool is_public;               /* its `security` is empty */
    bool unauthorized, forbidden; /* it has 401, and 403 */
};

static char yaml[1 << 18];
static struct operation operations[OPERATIONS_MAX];
static size_t operation_count;

/* ---- reading the file ------------------------------------------------------------------------ */

/* What stands in a line behind `start`, up to a quote, a colon or the end; false when the line does not begin so. */
static bool rest_of(const char *line, const char *start, struct name *ret_rest)
{
    size_t length = strlen(start);
    if (strncmp(line, start, length) != 0)
        return false;
    size_t rest = strcspn(line + length, ":'\"\n");
    ck_assert_uint_lt(rest, sizeof ret_rest->text);
    memcpy(ret_rest->text, line + length, rest);
    ret_rest->text[rest] = '\0';
    return true;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return !end ? line + strlen(line) : end + 1;
}

static const char *section(const char *name)
{
    const char *found = strstr(yaml, name);
    ck_assert_msg(found, "openapi.yaml has no %s", name);
    return found + 1;
}

/* A parameter among the components: its name, if it is one of a query. */
static bool shared_parameter(const char *component, struct name *ret_name)
{
    char start[100];
    struct name place;
    snprintf(start, sizeof start, "\n    %s:\n", component);
    const char *line = strstr(section("\n  parameters:\n"), start);
    ck_assert_msg(line, "there is no parameter %s", component);
    line = next_line(line + 1);
    ck_assert(rest_of(line, "      name: ", ret_name));
    ck_assert(rest_of(next_line(line), "      in: ", &place));
    return strcmp(place.text, "query") == 0;
}

static void add_parameter(const struct name *name)
{
    ck_assert_uint_gt(operation_count, 0);
    struct operation *operation = &operations[operation_count - 1];
    ck_assert_uint_lt(operation->parameter_count, ENDPOINT_PARAMETERS_MAX);
    operation->parameters[operation->parameter_count++] = *name;
}

static void read_parameter(const char *line)
{
    struct name name, place;
    const char *reference = strstr(line, "#/components/parameters/");
    if (reference && reference < next_line(line)) {
        ck_assert(rest_of(reference, "#/components/parameters/", &place));
        if (shared_parameter(place.text, &name))
            add_parameter(&name);
    } else if (rest_of(line, "        - name: ", &name)) {
        ck_assert(rest_of(next_line(line), "          in: ", &place));
        if (strcmp(place.text, "query") == 0)
            add_parameter(&name);
    }
}

static void read_access(const char *line)
{
    struct name code;
    if (operation_count == 0)
        return;
    struct operation *operation = &operations[operation_count - 1];
    operation->is_public |= rest_of(line, "      security: []", &code);
    if (rest_of(line, "        '", &code)) {
        operation->unauthorized |= strcmp(code.text, "401") == 0;
        operation->forbidden |= strcmp(code.text, "403") == 0;
    }
}

static void add_operation(const struct name *path, struct name *method)
{
    for (char *at = method->text; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    if (method_of(method->text) == METHODS)
        return; /* the parameters of all operations of a path, or a word about it */
    ck_assert_uint_lt(operation_count, OPERATIONS_MAX);
    operations[operation_count++] = (struct operation){.method = method_of(method->text), .path = *path};
}

static void read_file(void)
{
    struct name path = {""}, word;
    ck_assert_uint_lt(api_openapi_yaml_length, sizeof yaml);
    memcpy(yaml, api_openapi_yaml, api_openapi_yaml_length);
    for (const char *line = next_line(section("\npaths:\n")); *line == ' ' || *line == '\n'; line = next_line(line)) {
        if (rest_of(line, "  /", &word))
            snprintf(path.text, sizeof path.text, "/%.78s", word.text);
        else if (line[4] != ' ' && rest_of(line, "    ", &word))
            add_operation(&path, &word);
        else {
            read_parameter(line);
            read_access(line);
        }
    }
    ck_assert_uint_gt(operation_count, 0);
}

/* ---- what has to be the same ----------------------------------------------------------------- */

static bool knows(const struct endpoint *endpoint, const struct name *parameter)
{
    for (size_t i = 0; endpoint->parameters[i]; i++)
        if (strcmp(endpoint->parameters[i], parameter->text) == 0)
            return true;
    return false;
}

static void expect_parameters(const struct operation *operation, const struct endpoint *endpoint)
{
    size_t known = 0;
    while (endpoint->parameters[known])
        known++;
    for (size_t i = 0; i < operation->parameter_count; i++)
        ck_assert_msg(knows(endpoint, &operation->parameters[i]), "%s %s does not know %s",
                      method_name(operation->method), operation->path.text, operation->parameters[i].text);
    ck_assert_msg(known == operation->parameter_count, "%s %s knows %zu parameters; %zu are described",
                  method_name(operation->method), operation->path.text, known, operation->parameter_count);
}

START_TEST(each_operation_has_its_route_and_the_same_parameters)
{
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operations[i];
        struct captures captures;
        struct slice path = {operation->path.text, strlen(operation->path.text)};
        const struct route *route = route_find(routes, operation->method, path, &captures);
        ck_assert_msg(route, "no route for %s %s", method_name(operation->method), operation->path.text);
        expect_parameters(operation, route->endpoint);
    }
}
END_TEST

static bool is_described(const struct route *route)
{
    for (size_t i = 0; i < operation_count; i++)
        if (operations[i].method == route->method && strcmp(operations[i].path.text, route->pattern) == 0)
            return true;
    return false;
}

/* OpenAPI does not know the first two, and every path has the third: what the file leaves out it says in words. */
static bool is_in_words(enum method method)
{
    return method == METHOD_MOVE || method == METHOD_COPY || method == METHOD_OPTIONS;
}

START_TEST(each_route_is_described)
{
    for (const struct route *route = routes; route->pattern; route++)
        ck_assert_msg(is_in_words(route->method) || is_described(route), "%s %s is not described",
                      method_name(route->method), route->pattern);
}
END_TEST

/* A line of the table that says nothing of rights has SCOPE_NONE. Where a right is needed it has to say which. */
START_TEST(each_route_demands_rights_or_none_in_words)
{
    for (const struct route *route = routes; route->pattern; route++) {
        const struct demand *demand = &route->demand;
        bool nameless = demand->scope == SCOPE_PUBLIC || demand->scope == SCOPE_KNOWN;
        bool stored = strstr(route->pattern, "{store}") != NULL;
        ck_assert_msg(demand->scope != SCOPE_NONE, "%s %s demands nothing", method_name(route->method), route->pattern);
        ck_assert_msg(nameless == (demand->rights == 0), "%s %s demands no right", method_name(route->method),
                      route->pattern);
        ck_assert_msg(!stored || demand->scope >= SCOPE_STORE, "%s %s is about a store", method_name(route->method),
                      route->pattern);
    }
}
END_TEST

/* What the file says of tokens is what the table demands. */
START_TEST(each_operation_says_whether_it_needs_a_token)
{
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operations[i];
        struct captures captures;
        struct slice path = {operation->path.text, strlen(operation->path.text)};
        enum scope scope = route_find(routes, operation->method, path, &captures)->demand.scope;
        const char *method = method_name(operation->method);
        ck_assert_msg(operation->is_public == (scope == SCOPE_PUBLIC), "%s %s", method, path.start);
        ck_assert_msg(operation->unauthorized == (scope != SCOPE_PUBLIC), "401 of %s %s", method, path.start);
        ck_assert_msg(operation->forbidden == (scope != SCOPE_PUBLIC && scope != SCOPE_KNOWN), "403 of %s %s", method,
                      path.start);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {each_operation_has_its_route_and_the_same_parameters, each_route_is_described,
                            each_route_demands_rights_or_none_in_words, each_operation_says_whether_it_needs_a_token};
    return UNIT_RUN_WITH("openapi", read_file, NULL, tests);
}
