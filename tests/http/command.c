#include "command.h"

#include <stdio.h>

#include "site.h"

static char *kept[64];
static size_t kept_count;

char *command_keep(char *text)
{
    ck_assert_uint_lt(kept_count, sizeof kept / sizeof *kept);
    kept[kept_count++] = text;
    return text;
}

char *command_run(const char *const *arguments, int code)
{
    char *output;
    int found = server_run(arguments, &output);
    ck_assert_msg(found == code, "exit code %d: %s", found, output);
    return command_keep(output);
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
