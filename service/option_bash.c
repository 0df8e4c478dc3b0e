/* option_bash.c - completion for bash: commands and options as a shell function, for `cairnd options --bash`. See
 * option.h.
 *
 * The function completes a command first, or an option of serving; behind an option what it allows, as far as that can
 * be known; of `check`, `token` and the like the flags that their usage names.
 */
#include "service/command.h"
#include "service/option.h"

#include <string.h>

static const char head[] = "# bash completion of cairnd; `cairnd options --bash` printed it.\n"
                           "_cairnd()\n"
                           "{\n"
                           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words\n"
                           "    # \"--flag=value\" is three words to bash.\n"
                           "    if [[ $current == = ]]; then\n"
                           "        current=\n"
                           "    elif [[ $previous == = ]]; then\n"
                           "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
                           "    fi\n"
                           "    COMPREPLY=()\n";

/* How compgen completes paths. */
static const char files[] = "-f", folders[] = "-d";

static const char tail[] = "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                           "}\n"
                           "complete -F _cairnd cairnd\n";

/* A branch of the `case`: behind this flag, what `compgen` makes of `how`; nothing when that is empty. */
static void put_case(FILE *file, const char *flag, const char *how)
{
    fprintf(file, "    %s)\n", flag);
    if (strcmp(how, files) == 0 || strcmp(how, folders) == 0)
        fputs("        compopt -o filenames 2>/dev/null\n", file);
    if (how[0])
        fprintf(file, "        mapfile -t COMPREPLY < <(compgen %s -- \"$current\")\n", how);
    fputs("        return\n        ;;\n", file);
}

/* What compgen needs to complete the value of an option. */
static void tell_how(const struct option *option, char how[OPTION_VALUE_MAX])
{
    size_t used = 0;
    how[0] = '\0';
    if (option->kind == OPTION_PATH)
        snprintf(how, OPTION_VALUE_MAX, "%s", folders);
    if (option->kind != OPTION_CHOICE)
        return;
    for (const char *const *choice = option->choices; *choice && used < OPTION_VALUE_MAX; choice++)
        used += (size_t)snprintf(how + used, OPTION_VALUE_MAX - used, "%s%s", used ? " " : "-W '", *choice);
    if (used < OPTION_VALUE_MAX)
        snprintf(how + used, OPTION_VALUE_MAX - used, "'");
}

static void put_values(FILE *file)
{
    char flag[sizeof "--" + OPTION_NAME_MAX], how[OPTION_VALUE_MAX];
    fputs("    case $previous in\n", file);
    put_case(file, "--config", files);
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].kind == OPTION_SWITCH)
            continue;
        snprintf(flag, sizeof flag, "--%s", option_table[i].name);
        tell_how(&option_table[i], how);
        put_case(file, flag, how);
    }
    fputs("    esac\n", file);
}

/* The words of a text that are flags. */
static void put_flags_of(FILE *file, const char *text)
{
    for (const char *at = strstr(text, "\n  --"); at; at = strstr(at + 1, "\n  --"))
        fprintf(file, "%.*s ", (int)strcspn(at + 3, " "), at + 3);
}

/* A command that takes folders. */
static void put_folders(FILE *file, const char *name, const char *usage)
{
    fprintf(file, "    %s)\n        words='", name);
    put_flags_of(file, usage);
    fputs("--help'\n        [[ $current == -* ]] || { mapfile -t COMPREPLY < <(compgen -d -- \"$current\"); return; }\n"
          "        ;;\n",
          file);
}

/* A command that adds, lists and removes. */
static void put_actions(FILE *file, const char *name, const char *usage)
{
    fprintf(file, "    %s)\n        words='", name);
    put_flags_of(file, usage);
    fputs("--help'\n        ((COMP_CWORD > 2)) || words='add list remove --help'\n        ;;\n", file);
}

static void put_words(FILE *file)
{
    fputs("    case ${COMP_WORDS[1]} in\n", file);
    put_folders(file, "check", check_usage);
    put_folders(file, "backup", backup_usage);
    put_folders(file, "restore", restore_usage);
    put_folders(file, "transfer", transfer_usage);
    put_actions(file, "token", token_usage);
    put_actions(file, "link-key", link_key_usage);
    fputs("    options) words='--man --bash' ;;\n    help | version) words='' ;;\n    *)\n        words='", file);
    for (size_t i = 0; i < option_count; i++)
        fprintf(file, "--%s ", option_table[i].name);
    fputs("--config --help --version'\n        ((COMP_CWORD > 1)) || words+='", file);
    for (size_t i = 0; i < command_count; i++)
        fprintf(file, " %s", command_table[i].name);
    fputs("'\n        ;;\n    esac\n", file);
}

void option_print_bash(FILE *file, const struct config *defaults)
{
    (void)defaults;
    fputs(head, file);
    put_values(file);
    put_words(file);
    fputs(tail, file);
}
