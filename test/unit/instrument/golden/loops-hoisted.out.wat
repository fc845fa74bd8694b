(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "memory" (memory (;0;) 1 64))
  (import "kerb:sandbox" "epoch" (memory (;1;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    (local i32 i32)
    block (result i32)  ;; label = @1
      block (result i32)  ;; label = @2
        loop (result i32)  ;; label = @3
          block  ;; label = @4
            loop (result i32)  ;; label = @5
              i32.const 0
              i32.load 1
              br_if 1 (;@4;)
              local.get 1
              local.get 0
              i32.load
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=4
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=8
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=12
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=16
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=20
              i32.add
              local.set 1
              local.get 1
              local.get 0
              i32.load offset=24
              i32.add
              local.set 1
              local.get 1
              i32.const 77
              i32.eq
              if  ;; label = @6
                i32.const 5
                br 5 (;@1;)
              end
              local.get 0
              i32.const 32
              i32.add
              local.tee 0
              i32.const 4096
              i32.lt_u
              br_if 0 (;@5;)
              local.get 1
            end
            br 2 (;@2;)
          end
          call 4
          br 0 (;@3;)
        end
      end
    end)
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
  (func (;5;) (type 0) (param i32) (result i32)
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    local.get 0
    call 2)
  (export "memory" (memory 0))
  (export "run" (func 3)))
