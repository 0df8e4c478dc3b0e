#include "tests/http/command.h"

#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list, so that who looks for memory that was lost finds the texts. */
struct kept {
    char *text;
    struct kept *next;
};

static struct kept *all_kept;

char *command_keep(char *text)
{
    struct kept *kept = malloc(sizeof *kept);
    ck_assert_ptr_nonnull(kept);
    *kept = (struct kept){text, all_kept};
    all_kept = kept;
    return text;
}

char *command_run(const char *const *arguments, int code)
{
    char *output;
    int found = server_run(arguments, &output);
    ck_assert_msg(found == code, "exit code %d: %s", found, output);
    return command_keep(output);
}

void command_says(const char *const *arguments, int code, const char *words)
{
    const char *output = command_run(arguments, code);
    ck_assert_msg(strstr(output, words), "%s", output);
}

char *command_file(const char *name, const char *text)
{
    char *path;
    ck_assert_int_gt(asprintf(&path, "%s/%s", site.server->folder, name), 0);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    return command_keep(path);
}
