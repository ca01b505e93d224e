#include "wire_bytes.hpp"

#include <pqscope/types/encoder.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

TEST_CASE("an encoder writes integers most significant byte first") {
  pqscope::encoder out;
  out.put_byte(200);
  out.put_int16(-2);
  out.put_int32(0x01020304);
  out.put_int64(-3);
  CHECK(std::string(out.view()) ==
        bytes({200, 255, 254, 1, 2, 3, 4, 255, 255, 255, 255, 255, 255, 255, 253}));
  CHECK(pqscope::read_int16(out.data() + 1) == -2);
  CHECK(pqscope::read_int32(out.data() + 3) == 0x01020304);
  CHECK(pqscope::read_int64(out.data() + 7) == -3);
}

TEST_CASE("an encoder writes an integer behind the number of its bytes") {
  pqscope::encoder out;
  out.put_sized(std::int16_t{-2});
  out.put_sized(std::int32_t{0x01020304});
  out.put_sized(std::int64_t{-3});
  CHECK(std::string(out.view()) == bytes({0, 0, 0, 2, 255, 254,          //
                                          0, 0, 0, 4, 1,   2,   3,   4,  //
                                          0, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 253}));
}

TEST_CASE("an encoder keeps its bytes while it grows") {
  pqscope::encoder out;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    std::string const piece(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    out.append(piece);
    expected += piece;
  }
  CHECK(out.view() == expected);
}

TEST_CASE("an encoder takes a piece much larger than itself") {
  pqscope::encoder out;
  out.append(std::string_view("x"));
  out.append(std::string(1'000'000, 'y'));
  CHECK(out.size() == 1'000'001);
  CHECK(out.data()[0] == 'x');
  CHECK(out.data()[1'000'000] == 'y');
}

TEST_CASE("a length can be filled in after what it counts") {
  pqscope::encoder out;
  out.put_int32(0);
  out.append(std::string(1000, 'z'));
  out.overwrite_int32(0, 1000);
  CHECK(pqscope::read_int32(out.data()) == 1000);
  CHECK(out.size() == 1004);
}

TEST_CASE("nothing can be appended and an encoder can be cleared") {
  pqscope::encoder out;
  out.append(std::string_view{});
  out.append(std::span<std::byte const>{});
  CHECK(out.size() == 0);
  std::array<std::byte, 2> const two{std::byte{1}, std::byte{2}};
  out.append(std::span<std::byte const>(two));
  CHECK(out.size() == 2);
  out.clear();
  CHECK(out.view().empty());
}
