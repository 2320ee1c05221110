# Third-party libraries, all from Debian 12. Each is used in one place only (tests/checks/check_layers.py).

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED)          # parallel_for, and oneDNN's own threads: src/support
find_package(fmt REQUIRED)             # text formatting
find_package(OpenSSL REQUIRED)         # SHA-256: src/support
find_package(Protobuf REQUIRED)        # .onnx: formats/onnx
find_package(FlatBuffers REQUIRED)     # .dsq: formats/dsq
find_package(ZLIB REQUIRED)            # .dsq: formats/dsq
find_package(nlohmann_json REQUIRED)   # reports: formats, cli
find_package(CLI11 REQUIRED)           # cli
find_package(Eigen3 REQUIRED)          # least squares: calibration

find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
add_library(dsq_onnx_proto INTERFACE)
target_include_directories(dsq_onnx_proto SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_compile_definitions(dsq_onnx_proto INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(dsq_onnx_proto INTERFACE ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)

find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(dsq_dnnl INTERFACE)
target_include_directories(dsq_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(dsq_dnnl INTERFACE ${DNNL_LIBRARY})

find_path(MINIZIP_INCLUDE_DIR minizip/unzip.h REQUIRED)
find_library(MINIZIP_LIBRARY minizip REQUIRED)
add_library(dsq_minizip INTERFACE)         # .npz: formats/npy
target_include_directories(dsq_minizip SYSTEM INTERFACE ${MINIZIP_INCLUDE_DIR})
target_link_libraries(dsq_minizip INTERFACE ${MINIZIP_LIBRARY})

find_path(ZSTD_INCLUDE_DIR zstd.h REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)
add_library(dsq_zstd INTERFACE)            # .dsq: formats/dsq
target_include_directories(dsq_zstd SYSTEM INTERFACE ${ZSTD_INCLUDE_DIR})
target_link_libraries(dsq_zstd INTERFACE ${ZSTD_LIBRARY})

find_path(TURBOJPEG_INCLUDE_DIR turbojpeg.h REQUIRED)
find_library(TURBOJPEG_LIBRARY turbojpeg REQUIRED)
find_path(EXIF_INCLUDE_DIR libexif/exif-data.h REQUIRED)
find_library(EXIF_LIBRARY exif REQUIRED)
add_library(dsq_jpeg INTERFACE)            # pictures: formats/jpeg
target_include_directories(dsq_jpeg SYSTEM INTERFACE ${TURBOJPEG_INCLUDE_DIR} ${EXIF_INCLUDE_DIR})
target_link_libraries(dsq_jpeg INTERFACE ${TURBOJPEG_LIBRARY} ${EXIF_LIBRARY})

find_path(SPNG_INCLUDE_DIR spng.h REQUIRED)
find_library(SPNG_LIBRARY spng REQUIRED)
add_library(dsq_spng INTERFACE)            # pictures: formats/png
target_include_directories(dsq_spng SYSTEM INTERFACE ${SPNG_INCLUDE_DIR})
target_link_libraries(dsq_spng INTERFACE ${SPNG_LIBRARY})

find_path(STB_INCLUDE_DIR stb/stb_image.h REQUIRED)
find_library(STB_LIBRARY stb REQUIRED)
add_library(dsq_stb INTERFACE)             # pictures: formats/bmp; their size: src/data
target_include_directories(dsq_stb SYSTEM INTERFACE ${STB_INCLUDE_DIR})
target_link_libraries(dsq_stb INTERFACE ${STB_LIBRARY})

find_path(TOML_INCLUDE_DIR toml++/toml.h REQUIRED)
add_library(dsq_toml INTERFACE)            # --config: cli
target_include_directories(dsq_toml SYSTEM INTERFACE ${TOML_INCLUDE_DIR})

find_program(FLATC flatc REQUIRED)

if(DSQ_TESTS)
  find_package(GTest REQUIRED)
endif()
