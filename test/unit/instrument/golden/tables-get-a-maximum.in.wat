;; Every table gets a maximum: what it declares, at most its share of what all tables may have.
(module
  (table $a 10 funcref)
  (table $b 5 50 externref)
  (table $c 1 100000 funcref)
  (func (export "run") (result i32) table.size $a table.size $b i32.add table.size $c i32.add))
