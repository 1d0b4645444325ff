# SPDX-License-Identifier: GPL-2.0-only
#
# The Node addon; cmake-js sets CMAKE_JS_INC (the headers of Node-API and node-addon-api), CMAKE_JS_SRC and CMAKE_JS_LIB.
enable_language(CXX)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

string(JSON napi_version GET ${package_json} binary napi_versions 0)

file(GLOB addon_sources CONFIGURE_DEPENDS native/addon/*.cc)
add_library(addon MODULE ${addon_sources} ${CMAKE_JS_SRC})
set_target_properties(addon PROPERTIES
	OUTPUT_NAME hmmu PREFIX "" SUFFIX ".node"
	CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
# The list of calls is in the core; native/kapi has the interface of libraries of drivers.
target_include_directories(addon PRIVATE native/core native/kapi)
target_include_directories(addon SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(addon PRIVATE NAPI_VERSION=${napi_version} NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS
	NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
target_compile_options(addon PRIVATE ${warnings} -fno-exceptions -fno-rtti -Wnon-virtual-dtor)
target_link_libraries(addon PRIVATE hmmu_static ${CMAKE_JS_LIB})
