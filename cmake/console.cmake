# Writes the files NAMES (commas between them) of FOLDER into OUTPUT, as api/console/files.h wants them: with PACKED in
# gzip, which CMake knows by itself. The same files make the same bytes, whenever they are packed.
include(${CMAKE_CURRENT_LIST_DIR}/bytes.cmake)
string(REPLACE "," ";" names "${NAMES}")
set(arrays "")
set(lines "")
foreach(name IN LISTS names)
    file(SIZE ${FOLDER}/${name} size)
    if(PACKED)
        file(ARCHIVE_CREATE OUTPUT ${OUTPUT}.gz PATHS ${FOLDER}/${name} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
        file(READ ${OUTPUT}.gz hex HEX)
        string(SUBSTRING "${hex}" 0 8 head)
        string(SUBSTRING "${hex}" 16 -1 tail)
        set(hex "${head}00000000${tail}") # without the time
        file(REMOVE ${OUTPUT}.gz)
        set(packed true)
    else()
        file(READ ${FOLDER}/${name} hex HEX)
        set(packed false)
    endif()
    bytes_of(bytes "${hex}")
    string(MAKE_C_IDENTIFIER ${name} symbol)
    string(APPEND arrays "static const unsigned char file_${symbol}[] = {\n${bytes}};\n")
    string(APPEND lines "    {\"${name}\", file_${symbol}, sizeof file_${symbol}, ${size}, ${packed}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"api/console/files.h\"

${arrays}
const struct console_file console_files[] = {
${lines}    {.name = NULL},
};
")
