/* config_file.c - reads the configuration file. See config_file.h. */
#include "service/config_file.h"

#include "service/option.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct option *find_key(const char *key)
{
    for (size_t i = 0; i < option_count; i++) {
        char candidate[OPTION_NAME_MAX];
        option_key(&option_table[i], candidate);
        if (strcmp(candidate, key) == 0)
            return &option_table[i];
    }
    return NULL;
}

static bool refuse(const char *path, const struct option *option, const char *key, const json_t *value)
{
    char allowed[OPTION_ALLOWED_MAX];
    char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *text = json_string_value(value), *fault = text ? option_fault(option, text) : NULL;
    option_allowed(option, allowed);
    fprintf(stderr, "cairnd: %s: \"%s\": %s is not allowed%s%s; allowed is: %s\n", path, key,
            shown ? shown : "the value", fault ? ": " : "", fault ? fault : "", allowed);
    free(shown);
    return false;
}

static bool refuse_key(const char *path, const char *key)
{
    const struct option *near = option_nearest(key, strlen(key));
    char name[OPTION_NAME_MAX];
    fprintf(stderr, "cairnd: %s: unknown key \"%s\"", path, key);
    if (near) {
        option_key(near, name);
        fprintf(stderr, ": is \"%s\" meant?", name);
    }
    fputs("; `cairnd options` lists the keys\n", stderr);
    return false;
}

static bool set_scalar(const struct option *option, struct config *config, const json_t *value)
{
    char number[32];
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
        return option_set(option, config, json_string_value(value));
    if (json_is_boolean(value))
        return option_set(option, config, json_is_true(value) ? "true" : "false");
    if (!json_is_integer(value))
        return false;
    snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return option_set(option, config, number);
}

static bool set_value(const struct option *option, struct config *config, const json_t *value)
{
    if (!option_is_list(option))
        return set_scalar(option, config, value);
    option_clear(option, config);
    if (!json_is_array(value))
        return set_scalar(option, config, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!set_scalar(option, config, json_array_get(value, i)))
            return false;
    return true;
}

static bool set_all(const char *path, json_t *file, struct config *config)
{
    const char *key;
    json_t *value;
    json_object_foreach (file, key, value) {
        const struct option *option = find_key(key);
        if (!option)
            return refuse_key(path, key);
        if (!set_value(option, config, value))
            return refuse(path, option, key, value);
    }
    return true;
}

/* The parser reads a folder as an empty file. */
static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool config_file_load(const char *path, struct config *config)
{
    if (is_folder(path)) {
        fprintf(stderr, "cairnd: --config: %s is a folder, not a file\n", path);
        return false;
    }
    json_error_t error;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!file) {
        if (error.line > 0)
            fprintf(stderr, "cairnd: %s: line %d: %s\n", path, error.line, error.text);
        else
            fprintf(stderr, "cairnd: --config: %s\n", error.text);
        return false;
    }
    bool good = json_is_object(file);
    if (!good)
        fprintf(stderr, "cairnd: %s: not a JSON object, such as {\"data\": \"/srv/cairn\"}\n", path);
    good = good && set_all(path, file, config);
    json_decref(file);
    return good;
}
