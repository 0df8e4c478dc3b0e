/* option_help.c - options for people: what is allowed, what is set, --help and Markdown. See option.h. */
#include "service/option.h"

#include "service/locator.h"

#include <inttypes.h>
#include <string.h>

enum { HELP_INDENT = 29, HELP_WIDTH = 100 };

/* In the largest unit that divides the number, so that 67108864 reads 64MiB. */
static void format_in(const struct unit *units, uint64_t number, char *text, size_t size)
{
    const struct unit *best = units;
    for (const struct unit *unit = units; unit->suffix; unit++)
        if (unit->factor == 1 || (number > 0 && number % unit->factor == 0))
            best = unit;
    snprintf(text, size, "%" PRIu64 "%s", number / best->factor, best->suffix);
}

/* What is allowed of a number with a unit; `written` says how. */
static void allowed_in(const struct unit *units, const struct option *option, const char *written,
                       char allowed[OPTION_ALLOWED_MAX])
{
    char least[32], most[32];
    format_in(units, option->least, least, sizeof least);
    format_in(units, option->most, most, sizeof most);
    snprintf(allowed, OPTION_ALLOWED_MAX, "%s, from %s to %s", written, least, most);
}

static void join(char *text, size_t size, const char *const *items, size_t count, const char *between)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? between : "", items[i]);
}

static size_t count_choices(const struct option *option)
{
    size_t count = 0;
    while (option->choices[count])
        count++;
    return count;
}

/* Values that are told in words alone. */
static const char *const forms[] = {
    [OPTION_PATH] = "a path",
    [OPTION_ADDRESSES] = LOCATOR_FORMS,
    [OPTION_NETWORKS] = "addresses of IPv4 or IPv6, with /BITS or without, or unix",
    [OPTION_ORIGINS] = "origins as https://app.example or http://localhost:3000, or *",
    [OPTION_HOSTS] = "names or addresses without ports, those of IPv6 in brackets",
    [OPTION_BASE_PATH] = "a path as /files or /tools/cairn",
    [OPTION_URL] = "a URL without a path as http://10.0.0.5:8080",
};

void option_allowed(const struct option *option, char allowed[OPTION_ALLOWED_MAX])
{
    switch (option->kind) {
    case OPTION_NAMES:
        snprintf(allowed, OPTION_ALLOWED_MAX, "names of 1 to %d characters a-z 0-9 . _ -, the first a letter or digit",
                 STORE_NAME_MAX);
        break;
    case OPTION_CHOICE:
    case OPTION_SWITCH:
        join(allowed, OPTION_ALLOWED_MAX, option->choices, count_choices(option), " or ");
        break;
    case OPTION_COUNT:
        snprintf(allowed, OPTION_ALLOWED_MAX, "a number from %" PRIu64 " to %" PRIu64, option->least, option->most);
        break;
    case OPTION_SECONDS:
        allowed_in(option_times, option, "seconds, or with s, m, h, d", allowed);
        break;
    case OPTION_SIZE:
        allowed_in(option_sizes, option, "bytes, or with K, M, G, T (also KiB, MiB, ...)", allowed);
        break;
    default:
        snprintf(allowed, OPTION_ALLOWED_MAX, "%s", forms[option->kind]);
        break;
    }
}

void option_format(const struct option *option, const struct config *config, char value[OPTION_VALUE_MAX])
{
    const void *field = (const char *)config + option->offset;
    const struct texts *texts = field;

    switch (option->kind) {
    case OPTION_PATH:
    case OPTION_BASE_PATH:
    case OPTION_URL:
        snprintf(value, OPTION_VALUE_MAX, "%s", *(char *const *)field ? *(char *const *)field : "");
        break;
    case OPTION_ADDRESSES:
    case OPTION_NAMES:
    case OPTION_NETWORKS:
    case OPTION_ORIGINS:
    case OPTION_HOSTS:
        join(value, OPTION_VALUE_MAX, (const char *const *)texts->items, texts->count, ",");
        break;
    case OPTION_CHOICE:
    case OPTION_SWITCH:
        snprintf(value, OPTION_VALUE_MAX, "%s", option->choices[option_number(option, config)]);
        break;
    case OPTION_COUNT:
        snprintf(value, OPTION_VALUE_MAX, "%" PRIu64, option_number(option, config));
        break;
    case OPTION_SECONDS:
        format_in(option_times, option_number(option, config), value, OPTION_VALUE_MAX);
        break;
    case OPTION_SIZE:
        format_in(option_sizes, option_number(option, config), value, OPTION_VALUE_MAX);
        break;
    }
}

/* Prints a text whose first line begins at HELP_INDENT already, broken at blanks. */
static void print_broken(FILE *file, const char *text)
{
    size_t column = HELP_INDENT;
    while (*text) {
        size_t word = strcspn(text, " ");
        bool begins = column == HELP_INDENT, breaks = !begins && column + 1 + word > HELP_WIDTH;
        if (breaks)
            fprintf(file, "\n%*s", HELP_INDENT, "");
        else if (!begins)
            fputc(' ', file);
        fprintf(file, "%.*s", (int)word, text);
        column = (breaks ? HELP_INDENT : column + !begins) + word;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', file);
}

void option_print_help(FILE *file, const struct config *defaults)
{
    char value[OPTION_VALUE_MAX], allowed[OPTION_ALLOWED_MAX];
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        option_format(option, defaults, value);
        option_allowed(option, allowed);
        fprintf(file, "  --%-*s", HELP_INDENT - 4, option->name);
        print_broken(file, option->meaning);
        fprintf(file, "%*s", HELP_INDENT, "");
        print_broken(file, allowed);
        if (value[0])
            fprintf(file, "%*sdefault: %s\n", HELP_INDENT, "", value);
    }
}

void option_print_markdown(FILE *file, const struct config *defaults)
{
    char value[OPTION_VALUE_MAX], allowed[OPTION_ALLOWED_MAX], variable[OPTION_NAME_MAX], key[OPTION_NAME_MAX];
    fprintf(file, "| flag | variable | key in the file | default | meaning | allowed |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        option_format(option, defaults, value);
        option_allowed(option, allowed);
        option_variable(option, variable);
        option_key(option, key);
        fprintf(file, "| `--%s` | `%s` | `%s` | %s | %s | %s |\n", option->name, variable, key,
                value[0] ? value : "none", option->meaning, allowed);
    }
}
