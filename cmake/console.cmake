# Writes the files NAMES (commas between them) of FOLDER into OUTPUT, as api/console/files.h wants them: with PACKED in
# gzip, which CMake knows by itself. The same files make the same bytes, whenever they are packed.
#
# What is painted first comes in one answer: the style sheet goes into the page, in the place of the link to it, and
# begin.js in the place of what names it; so these two are no files of their own. The page also gets the names of all
# modules, in a template at its end, for begin.js.
include(${CMAKE_CURRENT_LIST_DIR}/bytes.cmake)

# The SHA-256 of a text in base64.
function(digest_of variable text)
    set(digits "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    set(base64 "")
    string(SHA256 hex "${text}")
    foreach(at RANGE 0 60 6)
        string(SUBSTRING "${hex}00" ${at} 6 group)
        foreach(shift 18 12 6 0)
            math(EXPR digit "(0x${group} >> ${shift}) & 63")
            string(SUBSTRING "${digits}" ${digit} 1 digit)
            string(APPEND base64 "${digit}")
        endforeach()
    endforeach()
    string(SUBSTRING "${base64}" 0 43 base64)
    set(${variable} "${base64}=" PARENT_SCOPE)
endfunction()

# Writes the page as it is sent to TARGET, and sets `style` and `script` to the digests of what stands in it.
function(compose_page target)
    file(READ ${FOLDER}/index.html page)
    file(READ ${FOLDER}/console.css sheet)
    file(READ ${FOLDER}/begin.js begin)
    set(links "")
    foreach(name IN LISTS names)
        if(name MATCHES "\\.js$" AND NOT name STREQUAL "courier.js")
            string(APPEND links "<link rel=\"modulepreload\" href=\"${name}\">\n")
        endif()
    endforeach()
    string(REPLACE "<link rel=\"stylesheet\" href=\"console.css\">" "<style>${sheet}</style>" page "${page}")
    string(REPLACE "<script type=\"module\" src=\"begin.js\">" "<script type=\"module\">${begin}" page "${page}")
    string(REPLACE "</body>" "<template id=\"modules\">\n${links}</template>\n</body>" page "${page}")
    file(WRITE ${target} "${page}")
    digest_of(digest "${sheet}")
    set(style ${digest} PARENT_SCOPE)
    digest_of(digest "${begin}")
    set(script ${digest} PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" names "${NAMES}")
list(REMOVE_ITEM names begin.js console.css)
set(arrays "")
set(lines "")
set(style "")
set(script "")
foreach(name IN LISTS names)
    set(path ${FOLDER}/${name})
    if(name STREQUAL "index.html")
        set(path ${OUTPUT}.html)
        compose_page(${path})
    endif()
    file(SIZE ${path} size)
    if(PACKED)
        file(ARCHIVE_CREATE OUTPUT ${OUTPUT}.gz PATHS ${path} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
        file(READ ${OUTPUT}.gz hex HEX)
        string(SUBSTRING "${hex}" 0 8 head)
        string(SUBSTRING "${hex}" 16 -1 tail)
        set(hex "${head}00000000${tail}") # without the time
        file(REMOVE ${OUTPUT}.gz)
        set(packed true)
    else()
        file(READ ${path} hex HEX)
        set(packed false)
    endif()
    bytes_of(bytes "${hex}")
    string(MAKE_C_IDENTIFIER ${name} symbol)
    string(APPEND arrays "static const unsigned char file_${symbol}[] = {\n${bytes}};\n")
    string(APPEND lines "    {\"${name}\", file_${symbol}, sizeof file_${symbol}, ${size}, ${packed}},\n")
endforeach()
file(REMOVE ${OUTPUT}.html)
file(WRITE ${OUTPUT} "#include \"api/console/files.h\"

${arrays}
const struct console_file console_files[] = {
${lines}    {.name = NULL},
};

const char console_style[] = \"${style}\";
const char console_script[] = \"${script}\";
")
