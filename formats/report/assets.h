// page.css and page.js as text. assets.cc is written at build time (embed.cmake).
#pragma once

#include <string_view>

namespace dsq::page {

extern const std::string_view kStyle;
extern const std::string_view kScript;

}  // namespace dsq::page
