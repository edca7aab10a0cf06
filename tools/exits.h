// A provider that ends the command by exit() and its kin is named, and the command fails. thread: main
#pragma once

namespace tenon::tools {

/// To be called before anything else registers with exit().
void watch_exits();

}  // namespace tenon::tools
