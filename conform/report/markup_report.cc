// JUnit XML and HTML.
#include "conform/report/report.h"
#include "host/base/status.h"

namespace tenon::conform {
namespace {

using host::concat;
using Kind = Outcome::Kind;

std::string seconds(std::chrono::milliseconds time) {
  return concat(static_cast<double>(time.count()) / 1000);
}

std::string group_of(const std::string& id) {
  return id.substr(0, id.find('/'));
}

constexpr char kStyle[] =
    "body{font:14px sans-serif;margin:2em;max-width:75em}td{padding:.2em .8em;vertical-align:top;border-top:1px solid "
    "#ddd}"
    "code{font-size:12px}.FAIL{color:#b00;font-weight:bold}.PASS{color:#070}.UNSUPPORTED,.EXCLUDED{color:#777}";

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string junit_report(const Report& report) {
  std::string text = concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", escaped(report.library),
                            "\" tests=\"", report.checks.size(), "\" failures=\"", report.count(Kind::kFail),
                            "\" skipped=\"", report.count(Kind::kUnsupported) + report.count(Kind::kExcluded),
                            "\" time=\"", seconds(report.took), "\">\n");
  for (const ReportedCheck& check : report.checks) {
    text += concat("<testcase classname=\"", escaped(group_of(check.id)), "\" name=\"", escaped(check.id), "\" time=\"",
                   seconds(check.took), "\">");
    const std::string message = escaped(check.outcome.message);
    if (check.outcome.kind == Kind::kFail)
      text += concat("<failure type=\"", escaped(check.outcome.finding), "\" message=\"", message, "\">",
                     escaped(check.replay), "</failure>");
    else if (check.outcome.kind != Kind::kPass)
      text += concat("<skipped message=\"", kind_name(check.outcome.kind), ": ", message, "\"/>");
    text += "</testcase>\n";
  }
  return text + "</testsuite>\n";
}

std::string html_report(const Report& report) {
  std::string text =
      concat("<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>", escaped(report.provider), "</title><style>",
             kStyle, "</style></head><body><h1>", escaped(report.provider), "</h1><p><code>", escaped(report.library),
             "</code></p><p>", report.count(Kind::kPass), " passed, ", report.count(Kind::kFail), " failed, ",
             report.count(Kind::kUnsupported), " unsupported, ", report.count(Kind::kExcluded), " excluded; seed ",
             report.seed, ", ", seconds(report.took), " s</p><table>\n");
  // What fails comes first.
  for (const bool failing : {true, false})
    for (const ReportedCheck& check : report.checks) {
      if ((check.outcome.kind == Kind::kFail) != failing) continue;
      const char* verdict = kind_name(check.outcome.kind);
      text += concat("<tr><td class=\"", verdict, "\">", verdict, "</td><td>", escaped(check.id), "</td><td>");
      if (failing) text += concat("<b>", escaped(check.outcome.finding), "</b>: ");
      text += escaped(check.outcome.message);
      if (failing) text += concat("<br>It ", escaped(check.asks), ".<br><code>", escaped(check.replay), "</code>");
      text += concat("</td><td>", seconds(check.took), " s</td></tr>\n");
    }
  return text + "</table></body></html>\n";
}

}  // namespace tenon::conform
