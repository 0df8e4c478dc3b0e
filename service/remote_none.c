/* remote_none.c - a build that copies folders only, in the place of remote.c. */
#include "service/remote.h"

struct remote *remote_open(const char *url, const char *token, const char *ca_file, const char **ret_sentence)
{
    (void)url;
    (void)token;
    (void)ca_file;
    *ret_sentence = "this cairnd was built without libcurl (-DCAIRN_BACKUP_URL=OFF) and copies folders only";
    return NULL;
}

void remote_close(struct remote *remote)
{
    (void)remote;
}

int remote_json(struct remote *remote, const char *path, json_t **ret_answer)
{
    (void)remote;
    (void)path;
    (void)ret_answer;
    return 0;
}

int remote_read(struct remote *remote, const char *path, const struct remote_reader *reader)
{
    (void)remote;
    (void)path;
    (void)reader;
    return 0;
}

const char *remote_error(const struct remote *remote)
{
    (void)remote;
    return "there is nobody to ask";
}

bool remote_is_passing(const struct remote *remote, int status)
{
    (void)remote;
    (void)status;
    return false;
}
