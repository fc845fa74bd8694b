(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 0)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 1)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (result i32)
    table.size 0
    table.size 1
    i32.add
    table.size 2
    i32.add)
  (func (;4;) (type 1)
    (local i32)
    call 0
    local.tee 0
    i32.const 1
    i32.eq
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.eq
    if  ;; label = @1
      call 1
    end)
  (table (;0;) 10 6671 funcref)
  (table (;1;) 5 50 externref)
  (table (;2;) 1 6662 funcref)
  (export "run" (func 3)))
