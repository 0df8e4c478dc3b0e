#include "tests/http/many.h"

#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>

static void write_batch(const char *op, const char *more, int first, int end)
{
    char *body = NULL;
    size_t size;
    FILE *out = open_memstream(&body, &size);
    fprintf(out, "{\"allow_empty\":true,\"operations\":[");
    for (int i = first; i < end; i++)
        fprintf(out, "%s{\"op\":\"%s\",\"key\":\"%06d%0*d\"%s}", i == first ? "" : ",", op, i, MANY_KEY - 6, 0, more);
    fprintf(out, "]}");
    ck_assert_int_eq(fclose(out), 0);
    site_expect(site_post("/batch", body), 200);
    free(body);
}

static void write_all(const char *op, const char *more, int count)
{
    for (int first = 0; first < count; first += MANY_BATCH)
        write_batch(op, more, first, first + MANY_BATCH < count ? first + MANY_BATCH : count);
}

void many_put(int count)
{
    write_all("put", ",\"data\":\"\"", count);
}

void many_delete(int count)
{
    write_all("delete", "", count);
}
