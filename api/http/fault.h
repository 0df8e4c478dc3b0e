/* fault.h - what is wrong with a message, found before libmicrohttpd reads it. */
#ifndef CAIRN_API_FAULT_H
#define CAIRN_API_FAULT_H

#include "api/http/problem.h"

struct fault {
    enum problem problem;
    const char *sentence; /* for the answer's detail; NULL: nothing is wrong */
};

#endif
