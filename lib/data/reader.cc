#include "data/reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/format.h"

namespace psmith::data {
namespace {

constexpr std::size_t kNone = RecordParser::npos;

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(ReaderOptions options) {
  PSM_CHECK(!options.inputs.empty(), "a reader needs an input");
  std::unique_ptr<Reader> reader(new Reader(std::move(options)));
  PSM_DO(reader->open_input(0));
  if (auto begun = reader->begin_first(); !begun) {
    return std::move(begun.error());
  }
  return reader;
}

Status Reader::open_input(std::size_t index) {
  const auto& path = options_.inputs[index];
  PSM_TRY(auto input, Input::open(path, options_.stop));
  window_ = std::make_unique<Window>(std::move(input));
  input_ = index;
  line_ = 1;
  unclosed_bytes_ = 0;
  begun_ = false;
  return Done{};
}

// Bytes of the next record in the window, 0 at the end of all inputs, or
// kNone when the block should be given as it is.
Result<std::size_t> Reader::find_record(std::size_t record_max,
                                        RawBlock& block) {
  while (true) {
    if (parser_) {
      const bool by_line = taken_bytes_ < unclosed_bytes_;
      const auto size =
          by_line
              ? parser_->RecordParser::scan(window_->text(), window_->ended())
              : parser_->scan(window_->text(), window_->ended());
      if (size != kNone && size <= kRecordMax) return size;
      if (size != kNone || window_->text().size() > kRecordMax) {
        PSM_DO(skip_long(block));
        if (block.record_count >= record_max) return kNone;
        continue;
      }
    }
    if (window_->ended()) {
      if (input_ + 1 == options_.inputs.size()) return std::size_t{0};
      PSM_DO(open_input(input_ + 1));
      if (schema_.format == Format::csv) {
        PSM_DO(begin_csv());
      } else {
        PSM_TRY([[maybe_unused]] const auto text, sample());
      }
      continue;
    }
    if (block.record_count > 0 && !should_wait()) return kNone;
    PSM_DO(window_->fill());
  }
}

// Whether a block with a record may wait for the next piece of input.
bool Reader::should_wait() {
  if (!options_.max_delay) return true;
  const auto waited = SteadyClock().now() - block_begun_;
  return window_->ready(
      std::max(Duration::zero(), *options_.max_delay - waited));
}

void Reader::begin_block(RawBlock& block) const {
  block.clear();
  block.dense = schema_.dense();
  block.column_count = schema_.columns.size();
}

Result<bool> Reader::next(std::size_t record_max, RawBlock& block) {
  begin_block(block);
  std::size_t bytes = 0;
  while (block.record_count < record_max &&
         (bytes < options_.block_bytes || block.record_count == 0)) {
    PSM_TRY(const auto taken, take_pieces(record_max, block, bytes));
    if (taken == Taken::block) return true;
    if (taken == Taken::records) continue;
    PSM_TRY(const auto size, find_record(record_max, block));
    if (size == kNone) return true;
    if (size == 0) break;
    const bool first = block.record_count == 0;
    if (const auto used = run(record_max, bytes, block); used > 0) {
      bytes += used;
      if (first) block_begun_ = SteadyClock().now();
      continue;
    }
    const auto whole = window_->text().substr(0, size);
    PSM_TRY(const auto used, take(whole, block));
    if (first) block_begun_ = SteadyClock().now();
    bytes += used;
    line_ += schema_.dense() ? lines_in(whole.substr(0, used)) : 1;
    taken_bytes_ += used;
    window_->consume(used);
  }
  if (block.record_count > 0) return true;
  if (record_count_ == 0 && !options_.may_be_empty) {
    const auto skipped =
        std::any_of(faults_.begin(), faults_.end(),
                    [](std::uint64_t count) { return count > 0; });
    return error(Code::corrupt, "{}: {}", window_->name(),
                 skipped ? "every record is bad" : "there are no records");
  }
  return false;
}

// Takes the plain rows at the front of the window, as many as the block may
// have. The bytes of them, 0 for none.
std::size_t Reader::run(std::size_t record_max, std::size_t bytes,
                        RawBlock& block) {
  const auto before = block.record_count;
  const auto used = parser_->run(
      window_->text(),
      {.record_max = record_max - before,
       .byte_max =
           options_.block_bytes > bytes ? options_.block_bytes - bytes : 1,
       .keep_text = options_.keep_text},
      block);
  const auto records = block.record_count - before;
  record_count_ += records;
  line_ += records;
  taken_bytes_ += used;
  window_->consume(used);
  return used;
}

// Takes a record into the block. The bytes of it that are done with.
Result<std::size_t> Reader::take(std::string_view whole, RawBlock& block) {
  const auto record = without_line_end(whole);
  auto parsed = parser_->parse(record, block);
  if (parsed.flaw) {
    block.roll_back();
    // A stray quote must not take the rows after it along.
    // And its quote is not looked for again in what was scanned for it.
    const auto used = parsed.one_line ? whole.find('\n') + 1 : whole.size();
    if (parsed.one_line) {
      unclosed_bytes_ = std::max(unclosed_bytes_, taken_bytes_ + whole.size());
    }
    PSM_DO(refuse(parsed.flaw->fault,
                  place(*parsed.flaw, record) + ": " + parsed.flaw->message,
                  without_line_end(whole.substr(0, used)), block));
    return used;
  }
  if (!parsed.row) return whole.size();
  ++block.row_count;
  ++block.record_count;
  ++record_count_;
  keep_text(record, block);
  return whole.size();
}

void Reader::keep_text(std::string_view record, RawBlock& block) const {
  if (!options_.keep_text) return;
  block.text += record;
  block.text_begin.push_back(block.text.size());
}

std::string Reader::place(const Flaw& flaw, std::string_view record) const {
  const auto before = record.substr(0, flaw.offset);
  const auto newline = before.rfind('\n');
  const auto column =
      newline == kNone ? flaw.offset + 1 : flaw.offset - newline;
  return format("{}:{}:{}", window_->name(), line_ + lines_in(before), column);
}

// A bad record: kept in the block, skipped, or the end.
Status Reader::refuse(Fault fault, std::string message, std::string_view record,
                      RawBlock& block) {
  ++faults_[static_cast<std::size_t>(fault)];
  if (options_.keep_bad) {
    block.bad.push_back({block.record_count, fault, std::move(message)});
    ++block.record_count;
    ++record_count_;
    keep_text(record, block);
    return Done{};
  }
  std::uint64_t total = 0;
  for (const auto count : faults_) total += count;
  if (total <= options_.skip_max) return Done{};
  if (options_.skip_max > 0) {
    message += format(
        "\nhint: this is bad record {}, one more than --skip-bad "
        "{} allows",
        total, options_.skip_max);
  }
  return Error{Code::corrupt, std::move(message)};
}

// A record that does not fit: its line is read past.
Status Reader::skip_long(RawBlock& block) {
  if (block.record_count == 0) block_begun_ = SteadyClock().now();
  PSM_DO(refuse(Fault::length,
                format("{}:{}:1: {}", window_->name(), line_, kTooLongText), "",
                block));
  while (true) {
    const auto newline = window_->text().find('\n');
    if (newline != kNone) {
      window_->consume(newline + 1);
      ++line_;
      return Done{};
    }
    window_->consume(window_->text().size());
    if (window_->ended()) return Done{};
    PSM_DO(window_->fill());
  }
}

}  // namespace psmith::data
