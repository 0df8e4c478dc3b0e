/* config.c - the sources of the configuration in their order, the weakest first. See config.h. */
#include "service/config.h"

#include "service/config_file.h"
#include "service/listener.h"
#include "service/locator.h"
#include "service/option.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config_variable[] = "CAIRN_CONFIG";
static const char variable_prefix[] = "CAIRN_";

/* Those that are no options. */
static const char *const plain_variables[] = {config_variable, CONFIG_ROOT_TOKEN};

/* What Kubernetes sets beside a service called "cairn" or "cairn-NAME", and docker in a container that is linked to one
 * of that name. */
static const char neighbour_variables[] =
    "^CAIRN_((.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)|NAME|ENV_.+)=";

/* ---- flags ---------------------------------------------------------------------------------- */

/* One `--name value` or `--name=value`. */
struct flag {
    const char *name;
    size_t length;
    const char *value; /* NULL for the flags that take none */
};

static bool flag_is(const struct flag *flag, const char *name)
{
    return strlen(name) == flag->length && memcmp(flag->name, name, flag->length) == 0;
}

static bool refuse_flag(const struct flag *flag)
{
    const struct option *near = option_nearest(flag->name, flag->length);
    fprintf(stderr, "cairnd: unknown option '--%.*s'", (int)flag->length, flag->name);
    if (near)
        fprintf(stderr, ": is --%s meant?", near->name);
    fputs("; `cairnd --help` lists the options\n", stderr);
    return false;
}

/* The two that everybody tries with one letter. */
static const char *spelled_out(const char *argument)
{
    if (strcmp(argument, "-h") == 0)
        return "--help";
    return strcmp(argument, "-V") == 0 ? "--version" : argument;
}

/* Reads the flag at *arguments and moves on to the next; false, and told on stderr, for what is none. */
static bool next_flag(char *const **arguments, struct flag *ret_flag)
{
    const char *argument = spelled_out(*(*arguments)++);
    if (strncmp(argument, "--", 2) != 0 || !argument[2]) {
        fprintf(stderr, "cairnd: unexpected argument '%s'; `cairnd --help` lists the options\n", argument);
        return false;
    }
    struct flag flag = {.name = argument + 2, .length = strcspn(argument + 2, "=")};
    *ret_flag = flag;
    if (flag_is(&flag, "help") || flag_is(&flag, "version"))
        return true;
    const struct option *option = option_find(flag.name, flag.length);
    if (!flag_is(&flag, "config") && !option)
        return refuse_flag(&flag);
    if (flag.name[flag.length] == '=')
        ret_flag->value = flag.name + flag.length + 1;
    else if (option && option->kind == OPTION_SWITCH)
        ret_flag->value = "true";
    else if (**arguments)
        ret_flag->value = *(*arguments)++;
    else
        fprintf(stderr, "cairnd: %s needs a value\n", argument);
    return ret_flag->value != NULL;
}

/* Finds what must be known before the other flags are looked at. */
static enum config_outcome scan_flags(char *const *arguments, const char **ret_path)
{
    struct flag flag;
    while (*arguments) {
        if (!next_flag(&arguments, &flag))
            return CONFIG_INVALID;
        if (flag_is(&flag, "help"))
            return CONFIG_HELP;
        if (flag_is(&flag, "version"))
            return CONFIG_VERSION;
        if (flag_is(&flag, "config"))
            *ret_path = flag.value;
    }
    return CONFIG_OK;
}

static bool refuse(const char *where, const struct option *option, const char *value)
{
    char allowed[OPTION_ALLOWED_MAX];
    const char *fault = option_fault(option, value);
    option_allowed(option, allowed);
    fprintf(stderr, "cairnd: %s: '%s' is not allowed%s%s; allowed is: %s\n", where, value, fault ? ": " : "",
            fault ? fault : "", allowed);
    return false;
}

/* Sets one flag. `seen` tells whether the option was given before: a list grows, anything else may come once. */
static bool set_flag(const struct option *option, const struct flag *flag, struct config *config, bool *seen)
{
    char where[OPTION_NAME_MAX + 2];
    snprintf(where, sizeof where, "--%s", option->name);
    if (*seen && !option_is_list(option)) {
        fprintf(stderr, "cairnd: %s is given twice\n", where);
        return false;
    }
    if (!*seen && option_is_list(option))
        option_clear(option, config);
    *seen = true;
    return option_set(option, config, flag->value) || refuse(where, option, flag->value);
}

static bool load_flags(char *const *arguments, struct config *config)
{
    bool seen[OPTION_COUNT_MAX] = {false};
    struct flag flag;
    while (*arguments) {
        if (!next_flag(&arguments, &flag))
            return false;
        if (flag_is(&flag, "config"))
            continue;
        const struct option *option = option_find(flag.name, flag.length);
        if (!set_flag(option, &flag, config, &seen[option - option_table]))
            return false;
    }
    return true;
}

/* ---- variables ------------------------------------------------------------------------------ */

/* The value of a variable; NULL for an empty one, too: that is how compose files leave one out. */
static const char *variable_value(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool load_variables(struct config *config)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        char variable[OPTION_NAME_MAX];
        option_variable(option, variable);
        const char *value = variable_value(variable);
        if (!value)
            continue;
        if (option_is_list(option))
            option_clear(option, config);
        if (!option_set(option, config, value))
            return refuse(variable, option, value);
    }
    return true;
}

static bool is_known_variable(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof plain_variables / sizeof *plain_variables; i++)
        if (length == strlen(plain_variables[i]) && memcmp(name, plain_variables[i], length) == 0)
            return true;
    for (size_t i = 0; i < option_count; i++) {
        char variable[OPTION_NAME_MAX];
        option_variable(&option_table[i], variable);
        if (strlen(variable) == length && memcmp(name, variable, length) == 0)
            return true;
    }
    return false;
}

/* `length` bytes of the variable are its name, which begins with the prefix. */
static void warn_of_variable(const char *variable, size_t length)
{
    char meant[OPTION_NAME_MAX + sizeof ": is  meant?"] = "", name[OPTION_NAME_MAX];
    size_t prefix = strlen(variable_prefix);
    const struct option *near = option_nearest(variable + prefix, length - prefix);
    if (near) {
        option_variable(near, name);
        snprintf(meant, sizeof meant, ": is %s meant?", name);
    }
    logger_line(LOG_WARNING, "the variable %.*s means nothing to cairnd%s; `cairnd options` lists those that do",
                (int)length, variable, meant);
}

void config_warn_of_variables(void)
{
    regex_t neighbours;
    bool compiled = regcomp(&neighbours, neighbour_variables, REG_EXTENDED | REG_NOSUB) == 0;
    for (char *const *variable = environ; *variable; variable++) {
        size_t length = strcspn(*variable, "=");
        if (strncmp(*variable, variable_prefix, strlen(variable_prefix)) == 0 &&
            !is_known_variable(*variable, length) && !(compiled && regexec(&neighbours, *variable, 0, NULL, 0) == 0))
            warn_of_variable(*variable, length);
    }
    if (compiled)
        regfree(&neighbours);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool check_listeners(const struct config *config)
{
    if (config->listen.count <= LISTENERS_MAX)
        return true;
    fprintf(stderr, "cairnd: listen: %zu addresses are given; allowed are %d\n", config->listen.count, LISTENERS_MAX);
    return false;
}

static bool has_tls_listener(const struct config *config)
{
    struct locator locator;
    for (size_t i = 0; i < config->listen.count; i++)
        if (!locator_parse(config->listen.items[i], &locator) && locator.tls)
            return true;
    return false;
}

/* A certificate is of no use without its key, nor a listener with TLS without both. */
static bool check_identity(const struct config *config)
{
    bool wanted = has_tls_listener(config) || config->tls_cert || config->tls_key;
    if (!wanted || (config->tls_cert && config->tls_key))
        return true;
    fprintf(stderr, "cairnd: %s is missing: name a file in PEM; TLS needs --tls-cert and --tls-key\n",
            config->tls_cert ? "--tls-key" : "--tls-cert");
    return false;
}

/* A batch that may be sent must also fit the memory that its store may use for it. */
static bool check_limits(const struct config *config)
{
    char batch[OPTION_VALUE_MAX], store[OPTION_VALUE_MAX], total[OPTION_VALUE_MAX];
    const struct depot_options *depot = &config->depot;
    if (config->batch_bytes_limit <= depot->store_bytes_limit && depot->store_bytes_limit <= depot->depot_bytes_limit)
        return true;
    option_format(option_find("batch-bytes-limit", strlen("batch-bytes-limit")), config, batch);
    option_format(option_find("store-bytes-limit", strlen("store-bytes-limit")), config, store);
    option_format(option_find("total-bytes-limit", strlen("total-bytes-limit")), config, total);
    fprintf(stderr,
            "cairnd: batch-bytes-limit (%s) must not exceed store-bytes-limit (%s), nor that total-bytes-limit (%s)\n",
            batch, store, total);
    return false;
}

/* A pool has no access file, and without one everything would be open. */
static bool check_access(const struct config *config)
{
    if (!medium_is_named(config->data) || config->access || config->open)
        return true;
    fprintf(stderr,
            "cairnd: data: %s holds no access file: name one with --access, which `cairnd token add` makes, or let "
            "everybody in with --open\n",
            config->data);
    return false;
}

enum config_outcome config_load(char *const *arguments, struct config *ret_config)
{
    if (!option_defaults(ret_config))
        return CONFIG_NO_MEMORY;
    const char *path = variable_value(config_variable);
    enum config_outcome outcome = scan_flags(arguments, &path);
    if (outcome != CONFIG_OK)
        return outcome;
    if (path && !config_file_load(path, ret_config))
        return CONFIG_INVALID;
    if (!load_variables(ret_config) || !load_flags(arguments, ret_config) || !check_listeners(ret_config) ||
        !check_identity(ret_config) || !check_limits(ret_config) || !check_access(ret_config))
        return CONFIG_INVALID;
    return CONFIG_OK;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < option_count; i++)
        option_clear(&option_table[i], config);
}
