# bytes_of(VARIABLE HEX): bytes in hexadecimal digits as those of a C array, each with a comma behind it.
function(bytes_of variable hex)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    set(${variable} "${bytes}" PARENT_SCOPE)
endfunction()
