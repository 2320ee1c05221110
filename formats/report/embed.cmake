# cmake -DSOURCE=folder -DOUTPUT=assets.cc -P embed.cmake: writes page.css and page.js as C++ raw strings.
file(READ ${SOURCE}/page.css style)
file(READ ${SOURCE}/page.js script)
foreach(text IN ITEMS style script)
  if("${${text}}" MATCHES "\\)DSQ_ASSET\"|</script|</style")
    message(FATAL_ERROR "page.${text} may not hold its own end marker")
  endif()
endforeach()
file(WRITE ${OUTPUT} "// Written by formats/report/embed.cmake from page.css and page.js.\n#include \"formats/report/assets.h\"\n\nnamespace dsq::page {\n\n"
     "const std::string_view kStyle = R\"DSQ_ASSET(\n${style})DSQ_ASSET\";\n\nconst std::string_view kScript = R\"DSQ_ASSET(\n${script})DSQ_ASSET\";\n\n}  // namespace dsq::page\n")
