#include <pqxx/pqxx>

int main() {}
