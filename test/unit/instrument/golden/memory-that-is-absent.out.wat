(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    block  ;; label = @1
      loop  ;; label = @2
        block  ;; label = @3
          local.get 0
          i32.const 1
          i32.sub
          local.tee 0
          br_if 0 (;@3;)
          br 2 (;@1;)
        end
        i32.const 0
        i32.load
        if  ;; label = @3
          call 4
        end
        block  ;; label = @3
          local.get 0
          i32.const 1
          i32.sub
          local.tee 0
          br_if 0 (;@3;)
          br 2 (;@1;)
        end
        block  ;; label = @3
          local.get 0
          i32.const 1
          i32.sub
          local.tee 0
          br_if 0 (;@3;)
          br 2 (;@1;)
        end
        local.get 0
        i32.const 1
        i32.sub
        local.tee 0
        br_if 0 (;@2;)
      end
    end
    local.get 0)
  (func (;4;) (type 2)
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
