// The onnx package's protobuf messages. Private to formats/onnx: no header outside this folder includes it.
#pragma once

#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>
