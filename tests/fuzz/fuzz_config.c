/* fuzz_config.c - what cairnd is told: the configuration file, variables and flags.
 *
 * The input has three parts with a NUL between them: the file, variables (NAME=value) and flags, one on each line. An
 * accepted configuration is within its bounds and means the same when it is written down and read again; a refused one
 * is explained on stderr.
 */
#include "service/config.h"
#include "service/locator.h"
#include "service/option.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINES_MAX = 32, PATH_SIZE = 64 };

struct input {
    char *file, *variables, *flags;
    char *environment[LINES_MAX + 2]; /* the last but one is for CAIRN_CONFIG */
    char *arguments[LINES_MAX + 1];
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

/* Parts a text into its lines, which end with NULL; returns their number. */
static size_t split_lines(char *text, char *lines[LINES_MAX + 1])
{
    size_t count = 0;
    while (count < LINES_MAX && text && *text)
        lines[count++] = strsep(&text, "\n");
    lines[count] = NULL;
    return count;
}

/* `configuration` is the variable that names the file. */
static void read_input(const uint8_t *data, size_t size, char *configuration, struct input *ret_input)
{
    const char *rest = (const char *)data;
    ret_input->file = next_part(&rest, &size);
    ret_input->variables = next_part(&rest, &size);
    ret_input->flags = next_part(&rest, &size);
    split_lines(ret_input->flags, ret_input->arguments);
    size_t count = split_lines(ret_input->variables, ret_input->environment);
    ret_input->environment[count] = *ret_input->file ? configuration : NULL;
    ret_input->environment[count + 1] = NULL;
}

static void free_input(struct input *input)
{
    free(input->file);
    free(input->variables);
    free(input->flags);
}

/* An empty file and the variable that names it; close the descriptor afterwards. */
static int make_file(char configuration[PATH_SIZE])
{
    int file = memfd_create("config", 0);
    fuzz_assert(file >= 0);
    snprintf(configuration, PATH_SIZE, "CAIRN_CONFIG=/proc/self/fd/%d", file);
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
    case OPTION_SWITCH:
        for (number = 0; number < option_number(option, config); number++)
            fuzz_assert(option->choices[number]);
        fuzz_assert(option->choices[number]);
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
    if (!fits(value) || !*value)
        return; /* cut, or an empty list or no path, which have no value to write */
    if (option_is_list(option))
        option_clear(option, again);
    fuzz_assert(option_set(option, again, value));
    option_format(option, again, second);
    fuzz_assert(strcmp(value, second) == 0);
}

static void assert_sound(const struct config *config)
{
    struct config again;
    fuzz_assert(option_defaults(&again));
    for (size_t i = 0; i < option_count; i++) {
        assert_bounds(&option_table[i], config);
        assert_reads_again(&option_table[i], config, &again);
    }
    for (size_t i = 0; i < config->listen.count; i++) {
        struct locator locator;
        const char *text = config->listen.items[i];
        fuzz_assert(!locator_parse(text, &locator) && locator_length(text) == strlen(text));
    }
    config_free(&again);
}

/* ---- the target ------------------------------------------------------------------------------ */

/* Loads with the input's variables for all there are, and stderr going to a text, which the caller frees. */
static enum config_outcome load(struct input *input, struct config *ret_config, char **ret_said)
{
    FILE *before = stderr;
    char **variables = environ;
    size_t size;
    stderr = open_memstream(ret_said, &size);
    fuzz_assert(stderr);
    environ = input->environment;
    enum config_outcome outcome = config_load(input->arguments, ret_config);
    environ = variables;
    fclose(stderr);
    stderr = before;
    return outcome;
}

static void load_and_judge(struct input *input)
{
    struct config config;
    char *said;
    enum config_outcome outcome = load(input, &config, &said);
    if (outcome == CONFIG_OK)
        assert_sound(&config);
    fuzz_assert((outcome == CONFIG_INVALID) == (*said != '\0'));
    free(said);
    config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    char configuration[PATH_SIZE];
    if (size > 0 && memmem(data, size, "/dev/", strlen("/dev/")))
        return 0; /* a file without an end is nobody's configuration */
    int file = make_file(configuration);
    read_input(data, size, configuration, &input);
    fuzz_assert(write(file, input.file, strlen(input.file)) == (ssize_t)strlen(input.file));
    load_and_judge(&input);
    close(file);
    free_input(&input);
    return 0;
}
