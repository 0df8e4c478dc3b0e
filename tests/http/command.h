/* command.h - cairnd as a command that ends by itself, and what tests of it write.
 *
 * Texts live as long as the test's process.
 */
#ifndef CAIRN_TESTS_HTTP_COMMAND_H
#define CAIRN_TESTS_HTTP_COMMAND_H

/* Takes over a text. */
char *command_keep(char *text);

/* Runs cairnd with these arguments, the last NULL, until it ends by itself with `code`: what it wrote. */
char *command_run(const char *const *arguments, int code);

/* The same of one that says something. */
void command_says(const char *const *arguments, int code, const char *words);

/* Writes a file into the folder of the site's server: its path. */
char *command_file(const char *name, const char *text);

#endif
