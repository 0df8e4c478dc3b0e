# Writes the file INPUT as a C array SYMBOL (with a NUL behind it) and SYMBOL_length into OUTPUT.
include(${CMAKE_CURRENT_LIST_DIR}/bytes.cmake)
file(READ ${INPUT} hex HEX)
bytes_of(bytes "${hex}")
file(SIZE ${INPUT} length)
file(WRITE ${OUTPUT} "#include <stddef.h>

extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_length;

const unsigned char ${SYMBOL}[] = {
${bytes}0x00};
const size_t ${SYMBOL}_length = ${length};
")
