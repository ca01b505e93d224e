#ifndef PQSCOPE_TESTS_BENCHMARKS_SHOP_HPP
#define PQSCOPE_TESTS_BENCHMARKS_SHOP_HPP

// Ten tables: the structs of pqscope_mapped.cpp and pqscope_text.cpp.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

using moment = std::chrono::sys_time<std::chrono::microseconds>;

struct customer {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
  moment joined;
};
struct address {
  std::int64_t id;
  std::int64_t customer_id;
  std::string city;
  std::string street;
};
struct category {
  std::int64_t id;
  std::string title;
  std::optional<std::int64_t> parent_id;
};
struct supplier {
  std::int64_t id;
  std::string name;
  std::string country;
  bool active;
};
struct product {
  std::int64_t id;
  std::int64_t category_id;
  std::int64_t supplier_id;
  std::string name;
  double price;
};
struct stock {
  std::int64_t id;
  std::int64_t product_id;
  std::string place;
  int amount;
};
struct purchase {
  std::int64_t id;
  std::int64_t customer_id;
  moment at;
  bool paid;
};
struct line {
  std::int64_t id;
  std::int64_t purchase_id;
  std::int64_t product_id;
  int amount;
  double price;
};
struct payment {
  std::int64_t id;
  std::int64_t purchase_id;
  double amount;
  std::optional<moment> settled;
};
struct review {
  std::int64_t id;
  std::int64_t product_id;
  std::int64_t customer_id;
  int stars;
  std::string words;
};

#endif
