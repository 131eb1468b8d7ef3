// Reader: raw text inputs, one after the other, as blocks of parsed records.
//
// Guesses what is not given (format, delimiter, header, label column) from
// the first lines and says so in notes(). Errors read FILE:LINE:COLUMN: what
// is wrong; columns are bytes from 1. Streaming, with bounded buffers. One
// thread calls it; it may have threads of its own.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "data/bind.h"
#include "data/raw.h"
#include "data/record.h"
#include "data/window.h"

namespace psmith::data {

struct ReaderOptions {
  std::vector<std::string> inputs;  // paths; "-" is standard input
  std::optional<Format> format;     // unset: guess
  std::optional<char> delimiter;
  std::optional<bool> header;
  ColumnOptions columns;
  // Fitted elsewhere: its format and columns are taken, nothing is guessed.
  std::optional<Schema> schema;
  LabelUse labels = LabelUse::required;
  // Numbers too must be among the schema's label values (texts always).
  bool known_labels = false;
  bool keep_text = false;      // blocks hold the records' text
  bool keep_bad = false;       // bad records stand in the blocks
  bool may_be_empty = false;   // no record at all is no error
  std::uint64_t skip_max = 0;  // bad records left out before one is an error
  // A block that has a record is given when the next one is not there yet and
  // the first has waited for so long.
  std::optional<Duration> max_delay;
  // A block ends with the record that brings its text to so many bytes.
  std::size_t block_bytes = std::size_t{4} << 20U;
  // Threads that parse, the caller's among them; the result is the same for
  // any number. At most threads + 2 pieces of kPieceBytes are under way.
  unsigned threads = 1;
  Stop stop = {};
};

using FaultCounts = std::array<std::uint64_t, kFaultCount>;

class Workers;

class Reader final : public RowSource {
 public:
  // Errors: not_found (66), invalid and corrupt (65), unavailable (74); see
  // exit_status() of data/input.h.
  static Result<std::unique_ptr<Reader>> open(ReaderOptions options);

  ~Reader() override;

  const Schema& schema() const override { return schema_; }
  // Of libsvm in plain files that are in the page cache, where a bad record
  // ends the reading.
  Result<std::optional<std::uint64_t>> row_count() override;
  Result<bool> next(std::size_t record_max, RawBlock& block) override;

  // "format: csv, delimiter ',', header (guessed)", one a line.
  const std::vector<std::string>& notes() const { return notes_; }
  // The header line of the first input; "" without one.
  const std::string& header_text() const { return header_text_; }
  // Bad records so far, by kind.
  const FaultCounts& faults() const { return faults_; }
  std::uint64_t record_count() const { return record_count_; }

 private:
  explicit Reader(ReaderOptions options);

  Status open_input(std::size_t index);
  Result<std::string_view> sample();
  std::vector<float> known_labels() const;
  Status begin_first();
  Status check_text(std::string_view text) const;
  void choose_delimiter(std::string_view sample);
  Status guess_all(std::string_view sample);
  Status begin_csv();
  Result<std::optional<std::vector<std::string>>> read_names();
  Status choose(const FileColumns& file);
  Result<bool> text_labels(const FileColumns& file);
  Result<std::size_t> find_record(std::size_t record_max, RawBlock& block);
  bool should_wait();
  std::size_t run(std::size_t record_max, std::size_t bytes, RawBlock& block);
  Result<std::size_t> take(std::string_view whole, RawBlock& block);
  Status refuse(Fault fault, std::string message, std::string_view record,
                RawBlock& block);
  Status skip_long(RawBlock& block);
  void keep_text(std::string_view record, RawBlock& block) const;
  void begin_block(RawBlock& block) const;
  std::size_t piece_size();
  void send_pieces();
  enum class Taken : std::uint8_t { nothing, records, block };
  Result<Taken> take_pieces(std::size_t record_max, RawBlock& block,
                            std::size_t& bytes);
  std::string place(const Flaw& flaw, std::string_view record) const;

  ReaderOptions options_;
  Schema schema_;
  std::vector<std::string> notes_;
  std::string header_text_;
  FaultCounts faults_{};
  std::uint64_t record_count_ = 0;
  Instant block_begun_{};  // its first record was there

  std::size_t input_ = 0;  // which of options_.inputs
  std::unique_ptr<Window> window_;
  std::unique_ptr<RecordParser> parser_;
  std::uint64_t line_ = 1;
  bool begun_ = false;  // past the byte order mark of this input
  // Bytes that were records, of all inputs; until unclosed_bytes_ a record ends
  // with its line, for a quote was opened there and never closed.
  std::uint64_t taken_bytes_ = 0, unclosed_bytes_ = 0;
  std::vector<std::string> names_;  // csv: of the first input's fields
  std::ptrdiff_t labelled_ = 0;     // csv: label and weight columns in use

  // With several threads: pieces under way, oldest first, and used ones. The
  // window, line_ and the counts are ahead of them only by their bytes. Until
  // undivided_bytes_ there is no piece to be had.
  struct Flight;
  std::deque<std::unique_ptr<Flight>> flights_;
  std::vector<std::unique_ptr<Flight>> landed_;
  std::size_t flight_max_;
  std::uint64_t undivided_bytes_ = 0;
  std::unique_ptr<Workers> workers_;
};

}  // namespace psmith::data
