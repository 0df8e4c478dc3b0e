/* main.c - cairnd: runs the command it is asked for. Without one, it serves. */
#include "service/command.h"

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return command_run("serve", argc ? argv + 1 : argv);
    return command_run(argv[1], argv + 2);
}
