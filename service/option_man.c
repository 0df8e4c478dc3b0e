/* option_man.c - the manual page of cairnd: commands and options as roff, for `cairnd options --man`. See option.h. */
#include "service/command.h"
#include "service/option.h"
#include "service/version.h"

#include <string.h>

/* Text as roff prints it: a hyphen that can be copied as one, and no line that begins as a request does. */
static void put(FILE *file, const char *text)
{
    bool begins = true;
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\''))
            fputs("\\&", file);
        if (*text == '\\')
            fputs("\\e", file);
        else if (*text == '-')
            fputs("\\-", file);
        else
            fputc(*text, file);
        begins = *text == '\n';
    }
}

static void put_section(FILE *file, const char *name, const char *text)
{
    fprintf(file, ".SH %s\n", name);
    put(file, text);
}

/* ".TP" and the term in bold; the text that explains it follows. */
static void put_term(FILE *file, const char *prefix, const char *term, const char *value)
{
    fprintf(file, ".TP\n\\fB");
    put(file, prefix);
    put(file, term);
    fprintf(file, "\\fR%s\n", value);
}

static void put_head(FILE *file)
{
    fprintf(file, ".TH CAIRND 1 \"\" \"cairn %s\" \"cairn\"\n.SH NAME\ncairnd \\- ", CAIRN_VERSION);
    put(file, help_summary);
    fputs("\n.SH SYNOPSIS\n.nf\n", file);
    for (size_t i = 0; i < command_count; i++) {
        fputs("\\fBcairnd\\fR ", file);
        put(file, command_table[i].synopsis);
        fputc('\n', file);
    }
    fputs(".fi\n", file);
    put_section(file, "DESCRIPTION", help_sources);
}

static void put_commands(FILE *file)
{
    fputs(".SH COMMANDS\n", file);
    for (size_t i = 0; i < command_count; i++) {
        put_term(file, "", command_table[i].name, "");
        put(file, command_table[i].meaning);
        fputs(".\n", file);
    }
}

static void put_option(FILE *file, const struct option *option, const struct config *defaults)
{
    char value[OPTION_VALUE_MAX], allowed[OPTION_ALLOWED_MAX], variable[OPTION_NAME_MAX], key[OPTION_NAME_MAX];
    option_format(option, defaults, value);
    option_allowed(option, allowed);
    option_variable(option, variable);
    option_key(option, key);
    put_term(file, "--", option->name, option->kind == OPTION_SWITCH ? "" : " \\fIVALUE\\fR");
    put(file, option->meaning);
    fputs(".\n.br\nAllowed: ", file);
    put(file, allowed);
    fputs(".\n", file);
    if (value[0]) {
        fputs(".br\nDefault: ", file);
        put(file, value);
        fputs(".\n", file);
    }
    fprintf(file, ".br\nVariable %s, key \"%s\".\n", variable, key);
}

static void put_options(FILE *file, const struct config *defaults)
{
    fputs(".SH OPTIONS\n", file);
    put_term(file, "--", "config", " \\fIFILE\\fR");
    fputs("Configuration file, one JSON object.\n.br\nVariable CAIRN_CONFIG.\n", file);
    put_term(file, "--", "help, --version", "");
    fputs("Also \\-h and \\-V.\n", file);
    for (size_t i = 0; i < option_count; i++)
        put_option(file, &option_table[i], defaults);
}

void option_print_man(FILE *file, const struct config *defaults)
{
    put_head(file);
    put_commands(file);
    put_options(file, defaults);
    fputs(".SH CHECKING A DATA FOLDER\n.nf\n", file);
    put(file, check_usage);
    fputs(".fi\n.SH BACKUPS\n.nf\n", file);
    put(file, backup_usage);
    fputs("\n", file);
    put(file, restore_usage);
    fputs("\n", file);
    put(file, transfer_usage);
    fputs(".fi\n.SH TOKENS\n.nf\n", file);
    put(file, token_usage);
    fputs(".fi\n.SH LINK KEYS\n.nf\n", file);
    put(file, link_key_usage);
    fputs(".fi\n", file);
    put_section(
        file, "SIGNALS",
        "SIGTERM, SIGINT, and the end of the terminal: take no new work, finish the requests under way, end with\n"
        "status 0. A second one cuts off what is left. SIGHUP: read again what may change while the server runs.\n"
        "One of these that was ignored at the start, as nohup does, stays ignored.\n");
    put_section(
        file, "EXIT STATUS",
        "0: done. 1: it could not be done, and a line on stderr says why. 2: the command line, a variable or the\n"
        "configuration file is wrong. cairnd check, backup, restore and transfer have their own: see above.\n");
}
