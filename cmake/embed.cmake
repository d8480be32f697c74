# Makes the bytes of a file part of a layer, so that the program needs no file at run time:
#   sagitta_embed(text data/clip_merges.txt.gz HEADER sagitta/text/clip_merges.h FUNCTION sagitta::text::clip_merges_gzip)
# FUNCTION is declared by HEADER as `std::span<const unsigned char> name();` and defined by a generated source.
function(sagitta_embed layer file)
  cmake_parse_arguments(PARSE_ARGV 2 embed "" "HEADER;FUNCTION" "")
  string(REPLACE "::" "_" symbol ${embed_FUNCTION})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
// Made by cmake/embed.cmake.
#include "@embed_HEADER@"

asm(R"(
  .section .rodata
  .balign 16
  .globl @symbol@_begin
  .globl @symbol@_end
  .hidden @symbol@_begin
  .hidden @symbol@_end
@symbol@_begin:
  .incbin "@file@"
@symbol@_end:
  .byte 0
  .text
)");

extern "C" const unsigned char @symbol@_begin[];
extern "C" const unsigned char @symbol@_end[];

std::span<const unsigned char> @embed_FUNCTION@() { return {@symbol@_begin, @symbol@_end}; }
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(sagitta_${layer} PRIVATE ${source})
endfunction()
