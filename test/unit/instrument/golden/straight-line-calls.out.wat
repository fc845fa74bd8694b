(module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 0)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0)
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 4)
  (func (;4;) (type 0)
    call 5
    call 5
    call 5
    call 5
    call 5
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 5
    call 5
    call 5
    call 5
    call 5
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 5
    call 5
    call 5
    call 5
    call 5
    i32.const 0
    i32.load
    if  ;; label = @1
      call 8
    end
    call 5)
  (func (;5;) (type 0)
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6
    call 6)
  (func (;6;) (type 0)
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7
    call 7)
  (func (;7;) (type 0)
    nop)
  (func (;8;) (type 0)
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
  (export "run" (func 3)))
