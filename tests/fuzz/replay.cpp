// Runs a fuzz target on files: PROGRAM FILE_OR_FOLDER... Stands in for libFuzzer where that is not
// there. Prints the files before it looks at them, so that the last one is the one that failed.

#include "fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

int replayed = 0;

void replay(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::string const bytes{std::istreambuf_iterator<char>{in}, {}};
  std::cout << file.filename().string() << std::endl;
  LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
  ++replayed;
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(arguments[i])) {
      replay(arguments[i]);
      continue;
    }
    for (auto const& entry : std::filesystem::recursive_directory_iterator{arguments[i]}) {
      if (entry.is_regular_file()) {
        replay(entry.path());
      }
    }
  }
  std::cout << replayed << " inputs\n";
  return replayed == 0 ? 1 : 0;
}
