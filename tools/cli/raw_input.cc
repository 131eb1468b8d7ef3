#include "raw_input.h"

#include "base/format.h"
#include "options.h"
#include "status.h"

namespace psmith::cli {
namespace {

char delimiter_of(const std::string& word) {
  if (word == "tab" || word == "TAB" || word == "\\t") return '\t';
  if (word == "blank") return ' ';
  const bool good = word.size() == 1 && word[0] != '"' && word[0] != '\n' &&
                    word[0] != '\r' && word[0] != '\0';
  if (!good) {
    throw Failure(
        kUsage,
        error(Code::invalid,
              "--delimiter: '{}' is not one character, tab or blank", word));
  }
  return word[0];
}

}  // namespace

void declare(CLI::App& app, RawInput& raw, bool fitted) {
  const auto group = [](CLI::Option* option) { option->group(kRawGroup); };
  if (!fitted) {
    group(add_choice(app, "--format", raw.format, {"libsvm", "csv", "tsv"},
                     "format of raw input (guessed)"));
  }
  group(app.add_option("--delimiter", raw.delimiter,
                       "between columns: a character, tab or blank (guessed)")
            ->type_name("CHAR"));
  // One value for both, so that the one on the command line beats the other
  // from outside.
  const auto flag = [&](const char* name, bool value, const char* text) {
    return app.add_flag_function(
        name,
        [&raw, value](std::int64_t count) {
          if (count > 0) raw.header = value;
        },
        text);
  };
  auto* header = flag("--header", true, "the first line names the columns");
  group(header);
  group(flag("--no-header", false, "the first line is a record")
            ->excludes(header));
  group(app.add_option("--label", raw.label,
                       fitted ? "label column, by name"
                              : "label column: a name, or a number from 1")
            ->type_name("COLUMN"));
  group(app.add_option("--weight", raw.weight,
                       fitted ? "column of row weights, by name"
                              : "column of row weights")
            ->type_name("COLUMN"));
  if (!fitted) {
    group(app.add_option("--ignore", raw.ignore, "columns to leave out")
              ->type_name("COLUMN,...")
              ->delimiter(',')
              ->expected(1)
              ->take_all());
  }
  group(add_count(app, "--skip-bad", raw.skip_bad, 0, ~std::uint64_t{0} >> 1,
                  "leave out up to N bad records"));
}

bool given(const RawInput& raw) {
  return !raw.format.empty() || !raw.delimiter.empty() || raw.header ||
         !raw.label.empty() || !raw.weight.empty() || !raw.ignore.empty() ||
         raw.skip_bad > 0;
}

void forget_outside(RawInput& raw, const Console& console) {
  const auto keep = [&](auto& value, const char* name) {
    if (!console.on_command_line(name)) value = {};
  };
  keep(raw.format, "format");
  keep(raw.delimiter, "delimiter");
  keep(raw.label, "label");
  keep(raw.weight, "weight");
  keep(raw.ignore, "ignore");
  keep(raw.skip_bad, "skip-bad");
  if (!console.on_command_line("no-header")) keep(raw.header, "header");
}

void check_format(const RawInput& raw, const data::Schema& schema,
                  const std::string& source) {
  const bool sparse = raw.format == "libsvm";
  if (!raw.format.empty() && sparse == schema.dense()) {
    throw Failure(kUsage,
                  error(Code::invalid, "--format {}: {} is for {}", raw.format,
                        source, schema.dense() ? "csv or tsv" : "libsvm"));
  }
  if (!schema.dense() && (!raw.delimiter.empty() || raw.header.has_value())) {
    throw Failure(kUsage,
                  error(Code::invalid,
                        "{} is for libsvm, which has no columns: --delimiter, "
                        "--header and --no-header do not go with it",
                        source));
  }
}

data::ReaderOptions reader_options(const RawInput& raw,
                                   std::vector<std::string> inputs,
                                   const Interrupt& interrupt) {
  data::ReaderOptions options;
  options.inputs = std::move(inputs);
  if (raw.format == "libsvm") options.format = data::Format::libsvm;
  if (raw.format == "csv" || raw.format == "tsv") {
    options.format = data::Format::csv;
  }
  if (!raw.delimiter.empty()) {
    options.delimiter = delimiter_of(raw.delimiter);
  } else if (raw.format == "tsv") {
    options.delimiter = '\t';
  }
  options.header = raw.header;
  options.columns = {
      .label = raw.label, .weight = raw.weight, .ignore = raw.ignore};
  options.skip_max = raw.skip_bad;
  options.stop = [&interrupt] { return interrupt.requested(); };
  return options;
}

}  // namespace psmith::cli
