#!/bin/bash
# Exports the node tests and light models of the newest onnx package, and tests made with onnxruntime, and runs them on the built providers.
# usage: run.sh BUILD_FOLDER WHAT
#   nodes         every node test whose operators the providers have
#   sets          the simple, pytorch-operator and pytorch-converted tests of the onnx package
#   contrib       nodes of ONNX Runtime's own operators and of ai.onnx.ml, with the outputs that onnxruntime computes
#   validated     the tests of nodes, sets and contrib once more, every kernel watched for breaches of the ABI's contract
#   isolated      the tests of nodes and contrib once more, every provider in a process of its own
#   light         the light models on cpu_blas, then cpu_ref
#   light-on-ref  the same on cpu_ref alone: slow
#   concurrent    four models at once, each on four threads
#   ort           node tests as .ort files that onnxruntime wrote, styles Fixed and Runtime
#   ort-out       node tests as .ort files that Tenon wrote, in onnxruntime
#   ort-models    models as .ort and .onnx files both ways
#   differential  generated cases of every operator of cpu_ref beside onnxruntime and, where it has no kernel, beside the
#                 onnx package's reference evaluator; $TENON_CASES (400) of each version
#   phi4mini      prefill and decode of phi4mini:2 beside onnxruntime; makes 2.9 GB, or takes them from $TENON_MODELS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
data=$(cd "$build/.." && pwd)/conformance
# Packs of the tests stay in the build tree; models of one node have none.
export TENON_CACHE_DIR=$data/packs
python=$("$here/../python_env.sh" "$build/../venv")

case $2 in
  nodes)
    "$python" "$here/export_node_tests.py" "$data/nodes"
    for providers in cpu_ref cpu_blas,cpu_ref; do
      "$build/tests/node_tests" --data "$data/nodes" --providers "$providers" \
        --expect "$here/passing/${providers//,/+}.txt"
    done
    "$build/tests/node_tests" --data "$data/nodes" --providers cpu_image --filter test_image_decoder --require-all
    ;;
  sets)
    "$python" "$here/export_set_tests.py" "$data/sets"
    for providers in cpu_ref cpu_blas,cpu_ref; do
      "$build/tests/node_tests" --data "$data/sets" --providers "$providers" --require-all
    done
    ;;
  contrib)
    "$python" "$here/export_contrib_tests.py" "$data/contrib"
    for providers in cpu_ref cpu_blas,cpu_ref; do
      "$build/tests/node_tests" --data "$data/contrib" --providers "$providers" --require-all
    done
    ;;
  ort)
    "$python" "$here/export_node_tests.py" "$data/nodes"
    for style in Fixed Runtime; do
      "$python" "$here/export_ort_models.py" "$data/nodes" "$data/ort-$style" "$here/passing/cpu_ref.txt" $style
      "$build/tests/node_tests" --data "$data/ort-$style" --providers cpu_blas,cpu_ref --require-all
    done
    ;;
  ort-out)
    "$python" "$here/export_node_tests.py" "$data/nodes"
    "$python" "$here/check_ort_files.py" "$build/tools/tenon" "$data/nodes" "$here/passing/cpu_ref.txt"
    ;;
  ort-models)
    mkdir -p "$data/models"
    models=()
    for name in squeezenet shufflenet resnet50; do
      models+=("$data/models/$name.onnx")
      [ -e "${models[-1]}" ] || "$python" "$here/../../benchmarks/make_models.py" "$data/models" "$name"
    done
    "$python" "$here/check_ort_models.py" "$build/tools/tenon" "${models[@]}"
    ;;
  validated)
    "$python" "$here/export_node_tests.py" "$data/nodes"
    "$python" "$here/export_set_tests.py" "$data/sets"
    "$python" "$here/export_contrib_tests.py" "$data/contrib"
    export TENON_VALIDATE=1
    for providers in cpu_ref cpu_blas,cpu_ref; do
      "$build/tests/node_tests" --data "$data/nodes" --providers "$providers" \
        --expect "$here/passing/${providers//,/+}.txt"
      for set in sets contrib; do
        "$build/tests/node_tests" --data "$data/$set" --providers "$providers" --require-all
      done
    done
    ;;
  isolated)
    "$python" "$here/export_node_tests.py" "$data/nodes"
    "$python" "$here/export_contrib_tests.py" "$data/contrib"
    export TENON_ISOLATE=all
    for providers in cpu_ref cpu_blas,cpu_ref; do
      "$build/tests/node_tests" --data "$data/nodes" --providers "$providers" \
        --expect "$here/passing/${providers//,/+}.txt"
      "$build/tests/node_tests" --data "$data/contrib" --providers "$providers" --require-all
    done
    ;;
  light | light-on-ref)
    "$python" "$here/export_light_models.py" "$data/light"
    if [ "$2" = light ]; then providers=cpu_blas,cpu_ref; else providers=cpu_ref; fi
    "$python" "$here/check_light_models.py" "$build/tools/tenon" "$data/light" "$providers"
    ;;
  concurrent)
    "$python" "$here/export_light_models.py" "$data/light"
    "$build/tests/concurrent_models" "$data"/light/{squeezenet,shufflenet,inception_v1,resnet50}
    ;;
  differential)
    mkdir -p "$data"
    # A node of com.microsoft.nchwc that stands alone does not tell the size of its blocks, of which each would warn.
    TENON_LOG=error "$build/tests/export_cases" --out "$data/cases.bin" --cases "${TENON_CASES:-400}" --seed "${TENON_SEED:-1}"
    "$python" "$here/check_cases.py" "$data/cases.bin"
    ;;
  phi4mini)
    mkdir -p "${TENON_MODELS:-$data/models}"
    "$python" "$here/check_phi4mini.py" "$build/tools/tenon" "${TENON_MODELS:-$data/models}"
    ;;
  *)
    echo "error: '$2' is none of nodes, sets, contrib, validated, ort, ort-out, ort-models, light, light-on-ref," \
      "concurrent, differential, phi4mini" >&2
    exit 1
    ;;
esac
