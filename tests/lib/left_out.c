/* left_out.c - which tests are not for a pool of a cluster. See left_out.h. */
#include "tests/lib/left_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Why. */
static const char files[] = "looks at or damages files of the data folder by calls of the system";
static const char faults[] = "has the disk fail, wait, be full or lose what it has";
static const char counts[] = "counts what is asked of the disk";
static const char open_files[] = "knows by the descriptors of the process what it is at, or leaves it few";
static const char memory[] =
    "has a bound for memory that knows nothing of the cache, and of what is on its way to a pool";
static const char size[] = "asks how large the disk is, which a pool does not tell";
static const char unasked[] = "is about who may do what where nobody has said so, and on a pool somebody has to";
static const char access_file[] = "is about the file that says who may do what, in the data folder";
static const char alone[] = "is about a folder that one process has to itself";
static const char held[] = "has somebody else change what a process holds alone";

static const struct {
    const char *folder;
    const char *program;
    const char *test; /* NULL: all of the program */
    const char *why;
} table[] = {
    {"http", "backup", NULL, files},
    {"http", "histories", NULL, files},
    {"http", "restore", NULL, files},
    {"http", "flaws", NULL, files},
    {"http", "check", NULL, files},
    {"http", "browsers", "an_open_server_of_this_machine_has_no_names_of_the_internet", unasked},
    {"http", "browsers", "over_a_unix_socket_any_name_will_do", unasked},
    {"http", "browsers", "what_is_open_to_this_machine_is_not_embedded_elsewhere", unasked},
    {"http", "config", "a_second_server_on_the_same_data_is_refused", alone},
    {"http", "crash", "a_kill_during_the_recovery_loses_nothing", open_files},
    {"http", "defects", "a_torn_tail_loses_no_earlier_key", files},
    {"http", "defects", "a_tail_torn_in_its_header_loses_no_earlier_key", files},
    {"http", "defects", "a_zero_filled_tail_loses_no_earlier_key", files},
    {"http", "defects", "zeros_behind_the_last_record_lose_nothing", files},
    {"http", "defects", "garbage_behind_the_last_record_loses_nothing", files},
    {"http", "defects", "damage_before_intact_records_loses_only_its_own", files},
    {"http", "defects", "a_step_that_needs_damaged_bytes_is_500_with_its_index", files},
    {"http", "defects", "damage_while_it_runs_is_never_served", files},
    {"http", "defects", "a_payload_that_imitates_a_record_is_no_record", files},
    {"http", "defects", "damage_before_an_imitation_does_not_wake_it", files},
    {"http", "defects", "an_imitation_at_a_torn_tail_is_not_adopted", files},
    {"http", "defects", "a_stale_file_beside_the_log_resurrects_nothing", files},
    {"http", "defects", "a_foreign_folder_is_refused_and_left_alone", files},
    {"http", "defects", "a_foreign_folder_with_a_familiar_name_is_left_alone", files},
    {"http", "defects", "a_data_folder_without_its_marker_is_left_alone", files},
    {"http", "defects", "a_foreign_file_in_the_log_is_not_truncated", files},
    {"http", "defects", "two_processes_do_not_open_one_folder", alone},
    {"http", "drain", "sigint_drains_too", open_files},
    {"http", "drain", "an_upload_under_way_is_finished", open_files},
    {"http", "drain", "a_download_under_way_is_finished", open_files},
    {"http", "drain", "a_second_signal_cuts", open_files},
    {"http", "drain", "requests_begun_before_the_drain_are_served", open_files},
    {"http", "faults", NULL, faults},
    {"http", "foreign", NULL, files},
    {"http", "limits", "a_stalled_download_is_cut", open_files},
    {"http", "limits", "a_256_mib_upload_and_download_stay_in_64_mib", memory},
    {"http", "limits", "uploads_at_once_take_less_than_2_mib_each", memory},
    {"http", "limits", "idle_stores_leave_connections_their_places", open_files},
    {"http", "limits", "want_of_descriptors_is_named", open_files},
    {"http", "limits", "a_file_that_may_not_grow_fails_its_upload_only", faults},
    {"http", "live", "what_is_done_is_told", size},
    {"http", "metrics", "the_disk_and_uploads", size},
    {"http", "mirrors", NULL, files},
    {"http", "referrals", NULL, files},
    {"http", "restart", "orphans_of_a_crash_are_removed_at_the_start", files},
    {"http", "starving", "readers_that_drip_are_cut", open_files},
    {"http", "starving", "a_slow_and_honest_reader_passes", open_files},
    {"http", "starving", "without_a_least_rate_who_reads_on_is_not_cut", open_files},
    {"http", "starving", "who_rests_after_a_burst_has_little_credit_in_a_crowd", open_files},
    {"http", "starving", "answers_nobody_reads_stay_in_their_budget", memory},
    {"http", "starving", "what_batches_took_goes_back", memory},
    {"http", "stores", "delete_of_an_empty_store", files},
    {"http", "stores", "delete_with_force_takes_the_objects_along", files},
    {"http", "tarballs", "who_reads_no_more_is_cut", open_files},
    {"http", "tarballs", "who_goes_away_keeps_nothing_open", open_files},
    {"http", "tls", "any_size_in_constant_memory", memory},
    {"http", "tokens", NULL, access_file},
    {"http", "verify", "a_damaged_large_object_is_found", files},
    {"http", "verify", "what_get_does_not_serve_head_does_not_promise", files},
    {"http", "verify", "a_read_tells_of_a_large_object_that_is_gone", files},
    {"http", "verify", "a_damaged_record_is_found", files},
    {"http", "verify", "metrics_tell_of_it", files},
    {"store", "binder", "many_segments_become_few_runs", counts},
    {"store", "binder", "runs_stay_few_while_segments_come", counts},
    {"store", "binder", "a_full_disk_keeps_no_page_away", faults},
    {"store", "binder", "calls_that_fail_keep_no_page_away", faults},
    {"store", "binder", "a_power_cut_at_any_call_loses_no_page", faults},
    {"store", "catalog", "a_page_behind_deleted_keys_costs_what_it_shows", counts},
    {"store", "clearance", "who_waits_is_told_in_time", faults},
    {"store", "clearance", "nobody_waits_while_the_depot_drains", faults},
    {"store", "compact", "overwriting_one_key_for_ever_takes_bounded_descriptors", counts},
    {"store", "join", "parts_outlive_what_does_not_become_an_object", faults},
    {"store", "join", "a_cut_or_a_fault_while_parts_are_joined_loses_none", faults},
    {"store", "join", "a_fault_while_parts_are_joined_is_over_when_they_come_again", faults},
    {"store", "join", "no_part_comes_back_without_what_it_has_become", faults},
    {"store", "join", "a_part_that_could_not_be_removed_goes_with_what_it_has_become", faults},
    {"store", "limits", "a_failed_commit_leaves_its_place", faults},
    {"store", "limits", "a_change_is_whole_or_not_at_all", faults},
    {"store", "limits", "each_call_that_fails_leaves_the_old_ones", faults},
    {"store", "log", "what_is_written_to_a_removed_file_is_not_acknowledged", held},
    {"store", "object", "a_disk_that_does_not_give_the_bytes_is_told", faults},
    {"store", "object", "reads_that_come_short_are_made_whole", faults},
    {"store", "onset", "a_cut_at_any_call_loses_nothing", faults},
    {"store", "onset", "a_failing_call_loses_nothing", faults},
    {"store", "purge", "a_power_cut_brings_nothing_back", faults},
    {"store", "reach", "a_reach_that_cannot_be_written_is_told_only", faults},
    {"store", "stock", "one_that_could_not_be_made_does_not_count", faults},
    {"store", "stock", "without_a_reserve_compaction_is_left_what_it_may_need", size},
    {"store", "summaries", "none_is_made_on_a_full_disk", faults},
    {"store", "sweeper", "one_that_nobody_goes_on_with_expires", faults},
    {"store", "sweeper", "a_listing_reads_none_that_is_done", counts},
    {"store", "unfinished", "a_cut_at_any_call_loses_nothing_that_was_told", faults},
    {"store", "unfinished", "a_call_that_fails_costs_nothing_that_was_told", faults},
    {"store", "unfinished", "whatever_happens_what_was_told_is_so", faults},
    {"store", "uploads", "who_loses_it_when_he_begins_still_knows_it", faults},
    {"store", "uploads", "those_that_rest_hold_nothing_open", counts},
    {"store", "verify", "a_power_cut_is_no_flaw", faults},
    {"store", "verify", "keys_that_cannot_be_read_are_told", faults},
};

enum { ROWS = sizeof table / sizeof *table };

static bool is_of(size_t row, const char *folder, const char *program)
{
    return strcmp(table[row].folder, folder) == 0 && strcmp(table[row].program, program) == 0;
}

static bool is_left_out(const char *folder, const char *program, const char *test)
{
    bool left_out = false;
    for (size_t i = 0; i < ROWS && (getenv("TEST_POOL") || getenv("TEST_ON_MEDIUM")); i++)
        left_out = left_out || (is_of(i, folder, program) && (!table[i].test || strcmp(table[i].test, test) == 0));
    return left_out;
}

static bool is_among(const char *test, const TTest *const *tests, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || strcmp(tests[i]->name, test) == 0;
    return found;
}

bool left_out_add(TCase *tcase, const char *folder, const char *program, const TTest *const *tests, size_t count)
{
    bool known = true;
    for (size_t i = 0; i < count; i++)
        if (!is_left_out(folder, program, tests[i]->name))
            tcase_add_test(tcase, tests[i]);
    for (size_t i = 0; i < ROWS; i++)
        if (is_of(i, folder, program) && table[i].test && !is_among(table[i].test, tests, count)) {
            fprintf(stderr, "%s/%s has no test %s: %s\n", folder, program, table[i].test, "tests/lib/left_out.c");
            known = false;
        }
    return known;
}
