#include "data/reader.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "tests/data/compress.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::TempDir;
using support::write_text;

// Inputs as files "0", "1", ... of one folder, read in blocks of `block`.
struct Reading {
  std::vector<RawBlock> blocks;
  std::vector<std::string> notes;
  Schema schema;
  FaultCounts faults{};
  std::string fault;  // without the folder's name

  std::size_t rows() const {
    std::size_t sum = 0;
    for (const auto& block : blocks) sum += block.row_count;
    return sum;
  }
  std::vector<float> labels() const {
    std::vector<float> out;
    for (const auto& block : blocks) {
      out.insert(out.end(), block.label.begin(), block.label.end());
    }
    return out;
  }
};

std::string without(std::string text, const std::string& folder) {
  for (auto at = text.find(folder); at != std::string::npos;
       at = text.find(folder)) {
    text.erase(at, folder.size() + 1);
  }
  return text;
}

Reading read(const std::vector<std::string>& texts, ReaderOptions options = {},
             std::size_t block = 100) {
  const TempDir dir;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto path = dir / std::to_string(i);
    write_text(path, texts[i]);
    options.inputs.push_back(path.string());
  }
  Reading out;
  auto reader = Reader::open(std::move(options));
  if (!reader) {
    out.fault = without(reader.error().message, dir.path().string());
    return out;
  }
  out.schema = (*reader)->schema();
  for (const auto& note : (*reader)->notes()) {
    out.notes.push_back(without(note, dir.path().string()));
  }
  while (true) {
    RawBlock raw;
    auto more = (*reader)->next(block, raw);
    if (!more) {
      out.fault = without(more.error().message, dir.path().string());
    }
    if (!more || !*more) break;
    out.blocks.push_back(std::move(raw));
  }
  out.faults = (*reader)->faults();
  return out;
}

}  // namespace

TEST_CASE("libsvm is guessed and read in blocks", "[data]") {
  std::string text = "# a comment\n\n";
  for (int i = 0; i < 250; ++i) text += std::to_string(i) + " 3:1 7:2\r\n";
  const auto out = read({text + "250 9:1"});
  REQUIRE(out.fault.empty());
  REQUIRE(out.blocks.size() == 3);
  REQUIRE(out.rows() == 251);
  REQUIRE(out.labels()[250] == 250);
  REQUIRE(out.notes == std::vector<std::string>{"0: format libsvm (guessed)"});
}

TEST_CASE("csv is guessed with its delimiter, header and label", "[data]") {
  const auto out = read({"a;b;c\r\n1;2;x\r\n3;4;y\r\n"});
  REQUIRE(out.fault.empty());
  REQUIRE(out.rows() == 2);
  REQUIRE(out.schema.header);
  REQUIRE(out.schema.label == "c");
  REQUIRE(out.schema.label_text);
  REQUIRE(out.blocks[0].label_text == std::vector<std::string>{"x", "y"});
  REQUIRE(out.notes ==
          std::vector<std::string>{
              "0: format csv, delimiter ';', header (guessed)",
              "0: label: column 'c', the last (--label names another)"});
}

TEST_CASE("a byte order mark is no text", "[data]") {
  REQUIRE(read({"\xef\xbb\xbf"
                "a,y\n1,2\n"})
              .schema.columns[0]
              .name == "a");
  REQUIRE(read({"\xef\xbb\xbf"
                "1 2:3\n"})
              .rows() == 1);
}

TEST_CASE("one byte order mark is left out, not two", "[data]") {
  ReaderOptions options;
  options.format = Format::csv;
  options.columns.label = "1";
  const auto reading = read({"\xef\xbb\xbf\xef\xbb\xbf"
                             "1,2\n3,4\n"},
                            options);
  REQUIRE(reading.fault.find("0:1:1: column '1'") == 0);
}

TEST_CASE("errors name file, line and column", "[data]") {
  REQUIRE(read({"1 2:3\n\n1 2:x\n"}).fault == "0:3:5: 'x' is not a number");
  REQUIRE(read({"1 2:3\n", "1 2:3\n1 7:\n"}).fault ==
          "1:2:5: no value after '7:'");
  REQUIRE(read({"a,y\n1,2\n\"3\n\",x\n"}).fault ==
          "0:3:1: column 'a': '3?' is not a number\n"
          "hint: leave the column out with --ignore 'a'");
  REQUIRE(read({"a,y\n\"1\",2\n\"3\",\"x\n\"\n"}).fault ==
          "0:3:5: column 'y': 'x?' is not a number\n"
          "hint: labels are text if the first two are no numbers");
  REQUIRE(read({"a,y\n1,2\n3,\"4\n\n5,6\n"}).fault ==
          "0:3:3: the quoted field that begins here is not closed");
  REQUIRE(read({std::string("1 2:3\n1 \0", 9)}).fault ==
          "0:2:3: a NUL byte: this is not text");
}

TEST_CASE("inputs without records are refused, unless they may be", "[data]") {
  REQUIRE(read({""}).fault == "0: empty, there are no records");
  REQUIRE(read({"a,y\n"}).fault == "0: there are no records");
  REQUIRE(read({"\n \r\n"}).fault == "0: there are no records");
  REQUIRE(read({"1 1:1\n", ""}).fault.empty());
  REQUIRE(read({"", "1 1:1\n"}).rows() == 1);
  REQUIRE(read({"", ""}).fault != "");
  REQUIRE(read({"words\n"}).fault ==
          "0: cannot guess the format: none of the first lines has index:value "
          "or a delimiter\n"
          "hint: --format libsvm or --format csv says it");
  Schema schema;
  ReaderOptions options;
  options.schema = schema;
  options.may_be_empty = true;
  REQUIRE(read({""}, options).fault.empty());
}

TEST_CASE("several csv inputs share their columns by name", "[data]") {
  const auto out = read({"a,b,y\n1,2,3\n", "y,b,a\n6,5,4\n", "7,8,9\n"});
  REQUIRE(out.fault.empty());
  REQUIRE(out.labels() == std::vector<float>{3, 6, 9});
  REQUIRE(out.blocks[0].x == std::vector<double>{1, 2, 4, 5, 7, 8});
  REQUIRE(read({"a,b,y\n1,2,3\n", "a,y\n1,2\n"}).fault ==
          "1: no column 'b', a feature of the model\n"
          "hint: the columns are 'a', 'y'");
}

TEST_CASE("options of columns are refused for libsvm", "[data]") {
  ReaderOptions options;
  options.columns.label = "y";
  REQUIRE(read({"1 1:1\n"}, options).fault ==
          "0: libsvm has no columns, so options of columns (--label, --header, "
          "...) do not apply\nhint: --format csv, if this is not libsvm");
}

TEST_CASE("labels are text when the first two are", "[data]") {
  REQUIRE(read({"a,y\n1,x\n"}).schema.label_text);
  REQUIRE(read({"a,y\n1,x\n2,5\n3,z\n"}).fault ==
          "0:2:3: column 'y': 'x' is not a number\n"
          "hint: labels are text if the first two are no numbers");
  const auto out = read({"a,y\n1,x\n2,z\n3,5\n"});
  REQUIRE(out.blocks[0].label_text[2] == "5");
}

TEST_CASE("bad records are skipped up to the limit and counted", "[data]") {
  const std::string text = "1 1:1\n1 x:1\n1 5:1 3:1\n2 1:nan\n3 1:1\n";
  ReaderOptions options;
  options.skip_max = 3;
  const auto out = read({text}, options);
  REQUIRE(out.labels() == std::vector<float>{1, 3});
  REQUIRE(out.faults[static_cast<std::size_t>(Fault::index)] == 1);
  REQUIRE(out.faults[static_cast<std::size_t>(Fault::order)] == 1);
  REQUIRE(out.faults[static_cast<std::size_t>(Fault::range)] == 1);
  options.skip_max = 2;
  REQUIRE(read({text}, options).fault ==
          "0:4:5: 'nan' is not a finite number\nhint: this is bad record 3, "
          "one more than --skip-bad 2 allows");
  options.skip_max = 9;
  REQUIRE(read({"x 1:1\ny 1:1\n"}, options).fault == "0: every record is bad");
}

TEST_CASE("bad records keep their place where they are asked for", "[data]") {
  ReaderOptions options;
  options.keep_bad = options.keep_text = true;
  const auto out = read({"1 1:1\n1 x:1\n3 1:1\n"}, options);
  const auto& block = out.blocks[0];
  REQUIRE(block.record_count == 3);
  REQUIRE(block.row_count == 2);
  REQUIRE(block.bad.size() == 1);
  REQUIRE(block.bad[0].record == 1);
  REQUIRE(block.record_text(0) == "1 1:1");
  REQUIRE(block.record_text(1) == "1 x:1");
  REQUIRE(block.record_text(2) == "3 1:1");
}

TEST_CASE("a record over the limit is bad, and the next one is read",
          "[data]") {
  const std::string text =
      "1 1:1\n1 " + std::string(kRecordMax + 5, ' ') + "2:1\n2 1:1\n";
  const std::string message =
      "0:2:1: the record is longer than 16 MiB, the limit\nhint: a quote that "
      "is not closed makes one record of many lines";
  REQUIRE(read({text}).fault == message);
  ReaderOptions options;
  options.skip_max = 1;
  REQUIRE(read({text}, options).labels() == std::vector<float>{1, 2});
  REQUIRE(read({text.substr(0, text.size() - 8)}, options).labels() ==
          std::vector<float>{1});
}

TEST_CASE("a first record over the limit is named for what it is", "[data]") {
  const std::string message =
      ":1:1: the record is longer than 16 MiB, the limit\nhint: a quote that "
      "is not closed makes one record of many lines";
  const std::string longer = "a," + std::string(kRecordMax + 5, 'y');
  ReaderOptions options;
  options.format = Format::csv;
  for (const std::string end : {"", "\n1,2\n"}) {
    REQUIRE(read({longer + end}, options).fault == "0" + message);
    REQUIRE(read({"a,y\n1,2\n", longer + end}).fault == "1" + message);
  }
}

TEST_CASE("records over the limit keep to the block", "[data]") {
  std::string text = "1 1:1\n";
  for (int i = 0; i < 3; ++i) text += std::string(kRecordMax + 5, ' ') + "\n";
  ReaderOptions options;
  options.keep_bad = true;
  const auto out = read({text + "2 1:1\n"}, options, 2);
  REQUIRE(out.fault == "");
  REQUIRE(out.blocks.size() == 3);
  REQUIRE(out.blocks[0].record_count == 2);
  REQUIRE(out.labels() == std::vector<float>{1, 2});
}

TEST_CASE("a stray quote takes one line along, not the rest", "[data]") {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 1000; ++i) {
    text +=
        i == 10 || i == 20 ? "1,\"2,3\n" : "1,2," + std::to_string(i) + "\n";
  }
  ReaderOptions options;
  options.skip_max = 2;
  const auto out = read({text}, options);
  REQUIRE(out.fault == "");
  REQUIRE(out.rows() == 998);
  REQUIRE(out.labels()[10] == 11);
  REQUIRE(out.faults[static_cast<std::size_t>(Fault::quote)] == 2);
  options.skip_max = 1;
  REQUIRE(read({text}, options)
              .fault.starts_with("0:22:3: the quoted field that begins here is "
                                 "not closed"));
  options.keep_bad = options.keep_text = true;
  const auto kept = read({text}, options, 1000);
  REQUIRE(kept.blocks[0].record_count == 1000);
  REQUIRE(kept.blocks[0].record_text(10) == "1,\"2,3");
  REQUIRE(kept.blocks[0].record_text(11) == "1,2,11");
}

TEST_CASE("lone carriage returns are named", "[data]") {
  REQUIRE(read({"a,y\r1,2\r3,4\r"}).fault ==
          "0: lines end with a lone carriage return\n"
          "hint: tr '\\r' '\\n' turns them into lines");
  REQUIRE(read({"1 1:1\r"}).rows() == 1);
}

TEST_CASE("a first line is judged alike whatever follows it", "[data]") {
  ReaderOptions options;
  options.schema.emplace();
  const auto one = read({"1 1:2\r3\n"}, options);
  const auto more = read({"1 1:2\r3\n1 1:2\n"}, options);
  REQUIRE(one.fault == more.fault);
  REQUIRE(one.fault.find("0:1:5: ") == 0);
}

TEST_CASE("a NUL byte in a header of several lines has its place", "[data]") {
  ReaderOptions options;
  options.format = Format::csv;
  const auto reading =
      read({std::string("a,\"b\n\0\",y\n1,2,3\n", 16)}, options);
  REQUIRE(reading.fault.find("0:2:1: a NUL byte") == 0);
}

TEST_CASE("comments longer than a block do not end the reading", "[data]") {
  ReaderOptions options;
  options.block_bytes = 16;
  const auto comment = "# " + std::string(40, 'c') + "\n";
  const auto reading = read({"1 1:2 2:3 4:5\n" + comment + "0 1:2\n"}, options);
  REQUIRE(reading.labels() == std::vector<float>{1, 0});
}

TEST_CASE("wide rows make blocks of few", "[data]") {
  std::string row = "1";
  while (row.size() < 60000) row += ",0.5";
  std::string text;
  for (int i = 0; i < 200; ++i) text += row + "\n";
  ReaderOptions options;
  options.columns.label = "1";
  const auto out = read({text}, options, 1024);
  REQUIRE(out.rows() == 200);
  for (const auto& block : out.blocks) {
    REQUIRE(block.row_count * row.size() < (5U << 20));
  }
}

TEST_CASE("a fitted schema matches by name and takes another delimiter",
          "[data]") {
  ReaderOptions options;
  options.schema = read({"a,b,y\n1,2,p\n3,4,q\n"}).schema;
  options.schema->label_values = {{"p", 0, 1}, {"q", 1, 1}};
  options.labels = LabelUse::optional;
  const auto bare = read({"b\tc\ta\n1\t2\t3\n"}, options);
  REQUIRE(bare.fault.empty());
  REQUIRE(bare.blocks[0].x == std::vector<double>{3, 1});
  REQUIRE_FALSE(bare.blocks[0].labelled());
  REQUIRE(read({"a,b,y\n1,2,q\n"}, options).labels() == std::vector<float>{1});
  REQUIRE(read({"a,b,y\n1,2,r\n"}, options).fault ==
          "0:2:5: label 'r' is none of the 2 known ones");
  REQUIRE(read({"1,2\n"}, options).blocks[0].x == std::vector<double>{1, 2});
  REQUIRE(read({"a,c\n1,2\n"}, options).fault ==
          "0: no column 'b', a feature of the model\n"
          "hint: the columns are 'a', 'c'");
}

TEST_CASE("a slow pipe gives what it has", "[data]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string text = "1 1:1\n2 2:2\n";
  REQUIRE(::write(ends[1], text.data(), text.size()) ==
          static_cast<ssize_t>(text.size()));
  ReaderOptions options;
  options.inputs = {"/dev/fd/" + std::to_string(ends[0])};
  options.schema = Schema{};
  options.max_delay = Duration::zero();
  auto reader = Reader::open(options);
  REQUIRE(reader.ok());
  RawBlock block;
  REQUIRE(*(*reader)->next(100, block));
  REQUIRE(block.row_count == 2);
  ::close(ends[1]);
  REQUIRE_FALSE(*(*reader)->next(100, block));
  ::close(ends[0]);
}

TEST_CASE("a block ends with the record that brings it to its bytes",
          "[data]") {
  ReaderOptions options;
  options.block_bytes = 12;
  const auto out =
      read({"1 1:1\n2 2:2\n3 3:3\n4 4:4\n5 55:555555555\n"}, options);
  REQUIRE(out.labels() == std::vector<float>{1, 2, 3, 4, 5});
  REQUIRE(out.blocks.size() == 3);
  REQUIRE(out.blocks[0].row_count == 2);
}

TEST_CASE("no bytes harm the reader", "[data]") {
  const std::uint64_t seed = 21;
  Rng rng(seed);
  const std::string csv = "a,b,y\n1,2,3\n\"4\",5,6\n7,8,\"9\"\n";
  const std::string svm = "1 2:3 4:5\n-1 1:1\n\n0 7:1 # x\n";
  for (int i = 0; i < 2000; ++i) {
    auto text = rng.below(2) == 0 ? csv : svm;
    for (auto n = rng.below(5); n > 0; --n) {
      text[rng.below(text.size())] = static_cast<char>(rng.next());
    }
    text.resize(rng.below(text.size() + 1));
    if (rng.below(4) == 0) text = tests::compressed(Compression::gzip, text);
    const auto out = read({text});
    INFO("seed " << seed << ", text " << i);
    REQUIRE((out.rows() > 0 || !out.fault.empty()));
  }
}

}  // namespace psmith::data
