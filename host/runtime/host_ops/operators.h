// What the rows of the table of host operators are made of: a check of the node, and a run of its step. Errors of a run
// name the iteration and the inner node, where there are such, but not the step.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

class HostStep;

Status check_if(const Node& node);
Status run_if(HostStep& step);
Status check_loop(const Node& node);
Status run_loop(HostStep& step);
Status check_scan(const Node& node);
Status run_scan(HostStep& step);
Status check_sequence_map(const Node& node);
Status run_sequence_map(HostStep& step);

Status run_sequence_construct(HostStep& step);
Status run_sequence_empty(HostStep& step);
Status run_sequence_insert(HostStep& step);
Status run_sequence_erase(HostStep& step);
Status run_sequence_at(HostStep& step);
Status run_sequence_length(HostStep& step);
Status run_split_to_sequence(HostStep& step);
Status run_concat_from_sequence(HostStep& step);

Status run_optional(HostStep& step);
Status run_optional_has_element(HostStep& step);
Status run_optional_get_element(HostStep& step);
Status run_identity(HostStep& step);

Status check_zip_map(const Node& node);
Status run_zip_map(HostStep& step);
Status check_cast_map(const Node& node);
Status run_cast_map(HostStep& step);
Status check_dict_vectorizer(const Node& node);
Status run_dict_vectorizer(HostStep& step);

}  // namespace tenon::host
