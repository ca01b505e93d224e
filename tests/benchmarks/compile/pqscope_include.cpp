#include <pqscope/pqscope.hpp>

int main() {}
