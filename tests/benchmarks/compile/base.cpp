#include <libpq-fe.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

int main() {}
