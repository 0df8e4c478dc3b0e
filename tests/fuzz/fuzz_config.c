/* fuzz_config.c - what cairnd is told: the configuration file, variables and flags.
 *
 * The input has three parts with a NUL between them: the file, variables (NAME=value) and flags, one on each line. An accepted
 * configuration is within its bounds and means the same when it is written down and read again; a refused one is
 * explained on stderr.
 */
#include "service/address.h"
#include "service/config.h"
#include "service/option.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32 };

struct input {
    char *file, *variables, *flags;
    char *arguments[ARGUMENTS_MAX + 1];
};

/* ---- the sources ----------------------------------------------------------------------------- */

/* The part before the next NUL; *rest is what follows. */
static char *next_part(const char **rest, size_t *left)
{
    char *part = fuzz_text(*rest, *left);
    size_t length = strlen(part);
    size_t step = length < *left ? length + 1 : length;
    *rest += step;
    *left -= step;
    return part;
}

static void read_input(const uint8_t *data, size_t size, struct input *ret_input)
{
    const char *rest = (const char *)data;
    *ret_input = (struct input){0};
    ret_input->file = next_part(&rest, &size);
    ret_input->variables = next_part(&rest, &size);
    ret_input->flags = next_part(&rest, &size);
    char *position = ret_input->flags;
    for (size_t i = 0; i < ARGUMENTS_MAX && position != NULL && *position; i++)
        ret_input->arguments[i] = strsep(&position, "\n");
}

static void free_input(struct input *input)
{
    free(input->file);
    free(input->variables);
    free(input->flags);
}

static void clear_variables(void)
{
    unsetenv("CAIRN_CONFIG");
    for (size_t i = 0; i < option_count; i++) {
        char variable[OPTION_NAME_MAX];
        option_variable(&option_table[i], variable);
        unsetenv(variable);
    }
}

/* Only variables of cairn: others are the sanitizer's and the C library's business. */
static void set_variables(char *lines)
{
    for (char *line; (line = strsep(&lines, "\n")) != NULL;) {
        char *equals = strchr(line, '=');
        if (equals == NULL || strncmp(line, "CAIRN_", strlen("CAIRN_")) != 0)
            continue;
        *equals = '\0';
        setenv(line, equals + 1, 1);
    }
}

/* A path under which the file can be read; close the descriptor afterwards. */
static int make_file(const char *text, char path[64])
{
    int file = memfd_create("config", 0);
    fuzz_assert(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path, 64, "/proc/self/fd/%d", file);
    return file;
}

/* ---- what must hold of a configuration that was accepted ------------------------------------- */

static void assert_bounds(const struct option *option, const struct config *config)
{
    uint64_t number;
    switch (option->kind) {
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_SECONDS:
        number = option_number(option, config);
        fuzz_assert(number >= option->least && number <= option->most);
        break;
    case OPTION_CHOICE:
        for (number = 0; number < option_number(option, config); number++)
            fuzz_assert(option->choices[number] != NULL);
        fuzz_assert(option->choices[number] != NULL);
        break;
    default:
        break;
    }
}

static bool fits(const char *value)
{
    return strlen(value) + 1 < OPTION_VALUE_MAX;
}

static void assert_reads_again(const struct option *option, const struct config *config, struct config *again)
{
    char value[OPTION_VALUE_MAX], second[OPTION_VALUE_MAX];
    option_format(option, config, value);
    if (!fits(value) || (option_is_list(option) && !*value))
        return; /* cut, or an empty list, which has no value to write */
    if (option_is_list(option))
        option_clear(option, again);
    fuzz_assert(option_set(option, again, value));
    option_format(option, again, second);
    fuzz_assert(strcmp(value, second) == 0);
}

static void assert_sound(const struct config *config)
{
    struct config again;
    struct address address;
    fuzz_assert(option_defaults(&again));
    for (size_t i = 0; i < option_count; i++) {
        assert_bounds(&option_table[i], config);
        assert_reads_again(&option_table[i], config, &again);
    }
    for (size_t i = 0; i < config->listen.count; i++) {
        char text[ADDRESS_TEXT_MAX];
        fuzz_assert(address_parse(config->listen.items[i], &address));
        address_format(&address, text);
        fuzz_assert(address_parse(text, &address));
    }
    config_free(&again);
}

/* ---- the target ------------------------------------------------------------------------------ */

/* Loads with stderr going to a text, which the caller frees. */
static enum config_outcome load(char *const *arguments, struct config *ret_config, char **ret_said)
{
    FILE *before = stderr;
    size_t size;
    stderr = open_memstream(ret_said, &size);
    fuzz_assert(stderr != NULL);
    enum config_outcome outcome = config_load(arguments, ret_config);
    fclose(stderr);
    stderr = before;
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    struct config config;
    char path[64], *said;
    read_input(data, size, &input);
    int file = make_file(input.file, path);
    clear_variables();
    set_variables(input.variables);
    if (strstr(input.flags, "/dev/") == NULL) { /* a file without an end is nobody's configuration */
        if (*input.file)
            setenv("CAIRN_CONFIG", path, 1);
        enum config_outcome outcome = load(input.arguments, &config, &said);
        if (outcome == CONFIG_OK)
            assert_sound(&config);
        fuzz_assert((outcome == CONFIG_INVALID) == (*said != '\0'));
        free(said);
        config_free(&config);
    }
    close(file);
    free_input(&input);
    return 0;
}
