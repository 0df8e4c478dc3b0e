/* report.c - what `cairnd check` finds, told on stdout. See report.h. */
#include "service/report.h"

#include "api/text/utf8.h"
#include "service/flaw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Writes out what has come together, so that a report may be longer than memory. */
static void flush(struct report *report)
{
    struct jsontext *text = &report->text;
    if (fwrite(text->bytes, 1, text->length, stdout) != text->length)
        report->failed = true;
    text->length = 0;
}

static void json_begin(struct jsontext *text, const char *folder)
{
    jsontext_open(text, '{');
    jsontext_field(text, "folder", utf8_valid(folder, strlen(folder)) ? folder : NULL);
    jsontext_name(text, "stores");
    jsontext_open(text, '[');
}

static void json_store(struct jsontext *text, const char *name)
{
    jsontext_open(text, '{');
    jsontext_field(text, "name", name);
    jsontext_name(text, "flaws");
    jsontext_open(text, '[');
}

static void json_flaw(struct jsontext *text, const struct store_flaw *flaw)
{
    jsontext_open(text, '{');
    flaw_json(text, flaw);
    jsontext_field(text, "meaning", flaw_meaning(flaw));
    jsontext_close(text, '}');
}

/* A sentence may name a path that is no text: then another one takes its place. */
static void json_error(struct jsontext *text, const char *error, const char *otherwise)
{
    if (error && !utf8_valid(error, strlen(error)))
        error = otherwise;
    jsontext_field(text, "error", error);
}

/* The figures of a store behind its flaws; a store that was not opened has none. */
static void json_figures(struct jsontext *text, const struct store_verification *verification, const char *error)
{
    jsontext_close(text, ']');
    jsontext_figure(text, "records", verification->records);
    jsontext_figure(text, "blobs", verification->blobs);
    jsontext_figure(text, "bytes", verification->bytes_done);
    jsontext_flag(text, "complete", verification->complete);
    json_error(text, error, "the store cannot be opened");
    jsontext_close(text, '}');
}

static void json_end(const struct report *report, struct jsontext *text)
{
    jsontext_close(text, ']');
    jsontext_figure(text, "flaw_count", report->flaws);
    jsontext_flag(text, "complete", report->complete);
    jsontext_flag(text, "whole", report->complete && report->flaws == 0);
    json_error(text, report->error[0] ? report->error : NULL, "the folder cannot be checked");
    jsontext_close(text, '}');
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_count(uint64_t count, const char *noun)
{
    printf("%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

/* Why not all of a store was looked at. */
static const char *hindrance(const struct report *report, const struct store_verification *verification)
{
    if (verification->complete)
        return "";
    return report->stopped ? ", but not all was looked at"
                           : ", but memory or open files were out: not all was looked at";
}

static void print_figures(const struct report *report, const struct store_verification *verification)
{
    uint64_t flaws = report->store_flaws;
    printf("  ");
    print_count(verification->records, "record");
    printf(", ");
    print_count(verification->blobs, "blob");
    printf(", ");
    print_count(verification->bytes_done, "byte");
    printf(": ");
    if (flaws > 0)
        print_count(flaws, "flaw");
    else
        printf("%s", verification->complete ? "whole" : "no flaw found");
    puts(hindrance(report, verification));
}

static void print_end(const struct report *report)
{
    if (report->error[0])
        return;
    print_count(report->stores, "store");
    if (report->flaws == 0 && report->complete) {
        puts(", all whole");
        return;
    }
    printf(", %zu of them whole; ", report->whole_stores);
    print_count(report->flaws, "flaw");
    putchar('\n');
}

/* ---- the report ------------------------------------------------------------------------------ */

void report_begin(struct report *report, const char *folder, bool json)
{
    *report = (struct report){.json = json, .complete = true};
    if (json)
        json_begin(&report->text, folder);
}

void report_store(struct report *report, const char *name)
{
    report->stores++;
    report->store_flaws = 0;
    if (report->json)
        json_store(&report->text, name);
    else
        printf("store %s\n", name);
}

void report_flaw(struct report *report, const struct store_flaw *flaw)
{
    report->flaws++;
    report->store_flaws++;
    if (!report->json) {
        flaw_print(flaw, flaw_meaning(flaw));
        return;
    }
    json_flaw(&report->text, flaw);
    flush(report);
}

void report_checked(struct report *report, const struct store_verification *verification)
{
    report->complete = report->complete && verification->complete;
    report->whole_stores += verification->complete && report->store_flaws == 0;
    if (report->json)
        json_figures(&report->text, verification, NULL);
    else
        print_figures(report, verification);
}

void report_not_opened(struct report *report, bool flaw, const char *sentence)
{
    const struct store_verification nothing = {0};
    report->complete = false;
    report->flaws += flaw;
    if (report->json)
        json_figures(&report->text, &nothing, sentence);
    else
        printf("  %s: %s\n", flaw ? "FLAW: it cannot be opened" : "not looked at", sentence);
}

void report_fail(struct report *report, const char *sentence)
{
    report->complete = false;
    (void)snprintf(report->error, sizeof report->error, "%s", sentence);
    if (!report->json)
        fprintf(stderr, "cairnd: check: %s\n", sentence);
}

bool report_end(struct report *report)
{
    if (report->json) {
        json_end(report, &report->text);
        flush(report);
        putchar('\n');
    } else {
        print_end(report);
    }
    bool written = fflush(stdout) == 0 && !ferror(stdout) && !report->failed && !report->text.failed;
    jsontext_free(&report->text);
    return written;
}
